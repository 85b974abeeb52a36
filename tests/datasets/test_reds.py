import cv2
import numpy as np
import pytest

from fcn_plugin.datasets import REDSDataset
from fcn_plugin.datasets.storage import write_lmdbs
from fcn_plugin.errors import InputError

from ..conftest import assert_same_pairs

FRAMES = ["000/00000000.png", "000/00000001.png", "239/00000099.png"]
KEYS = ["000/00000000", "000/00000001", "239/00000099"]
TREES = {
    "official": "{split}/{split}_{kind}/{sequence}/{frame}",
    "inner folders": "{split}_{kind}/{sequence}/{frame}",
    "as GoPro": "{split}/{sequence}/{kind}/{frame}",
}


def write_tree(root, tree, split, write_images):
    for kind in ("blur", "sharp"):
        for sequence, frame in (name.split("/") for name in FRAMES):
            write_images(root, TREES[tree].format(split=split, kind=kind, sequence=sequence, frame=frame))


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize("tree", TREES)
def test_trees_that_people_have(tmp_path, write_images, tree, split):
    write_tree(tmp_path, tree, split, write_images)
    dataset = REDSDataset(tmp_path, split)
    assert dataset.keys() == KEYS
    assert dataset.metainfo == {
        "dataset": "REDS",
        "split": split,
        "blur": "frames averaged in linear light",
        "storage": "folder",
    }
    for name, kind in (("img", "blur"), ("gt", "sharp")):
        place = TREES[tree].format(split=split, kind=kind, sequence="239", frame="00000099.png")
        np.testing.assert_array_equal(dataset[2][name], cv2.imread(str(tmp_path / place))[..., ::-1])


@pytest.mark.parametrize("names", [("blur", "sharp"), ("train_blur", "train_sharp")])
def test_lmdbs_that_people_have(tmp_path, write_basicsr_lmdb, make_image, names):
    (tmp_path / "train").mkdir()
    for name in names:
        write_basicsr_lmdb(tmp_path / f"train/{name}.lmdb", {key: make_image() for key in KEYS})
    dataset = REDSDataset(tmp_path, "train")
    assert dataset.keys() == KEYS
    assert dataset.metainfo["storage"] == "lmdb"


def test_prepared_lmdbs_hold_the_same_images(tmp_path, write_images):
    write_tree(tmp_path / "source", "official", "val", write_images)
    folders = REDSDataset(tmp_path / "source", "val")
    write_lmdbs(folders.lmdb_plans(tmp_path / "out"), workers=0)
    lmdbs = REDSDataset(tmp_path / "out", "val")
    assert lmdbs.metainfo["storage"] == "lmdb"
    assert_same_pairs(lmdbs, folders)


def test_unknown_split_is_refused(tmp_path):
    with pytest.raises(InputError, match="split must be one of 'train', 'val', not 'test'"):
        REDSDataset(tmp_path, "test")


def test_missing_dataset_says_where_to_get_it(tmp_path):
    with pytest.raises(InputError) as caught:
        REDSDataset(tmp_path / "REDS", "val")
    assert "https://seungjunnah.github.io/Datasets/reds" in str(caught.value)
    assert "`python tools/prepare_data.py reds --source " in str(caught.value)
