import cv2
import numpy as np
import pytest

from fcn_plugin.datasets import HIDEDataset
from fcn_plugin.datasets.storage import write_lmdbs
from fcn_plugin.errors import InputError

from ..conftest import assert_same_pairs

CLOSE_UPS = ["102fromGOPR1096.MP4.png", "7fromGOPR1034.png"]
LONG_SHOTS = ["12fromGOPR0950.png"]


@pytest.fixture
def official(tmp_path, write_images):
    write_images(tmp_path / "test/test-close-ups", *CLOSE_UPS)
    write_images(tmp_path / "test/test-long-shot", *LONG_SHOTS)
    write_images(tmp_path / "train", "of_the_training_set.png")
    write_images(tmp_path / "GT", *CLOSE_UPS, *LONG_SHOTS, "of_the_training_set.png")
    return tmp_path


def test_official_release(official):
    dataset = HIDEDataset(official)
    assert dataset.keys() == ["102fromGOPR1096.MP4", "12fromGOPR0950", "7fromGOPR1034"]
    assert dataset.metainfo == {
        "dataset": "HIDE",
        "split": "test",
        "subsets": ["test-close-ups", "test-long-shot"],
        "blur": "averaged frames",
        "storage": "folder",
    }
    assert dataset[0]["dataset"] == "HIDE"
    for name, folder in (("img", "test/test-long-shot"), ("gt", "GT")):
        expected = cv2.imread(str(official / folder / LONG_SHOTS[0]))[..., ::-1]
        np.testing.assert_array_equal(dataset[1][name], expected)


def test_one_subset(official):
    assert HIDEDataset(official, subsets=["test-long-shot"]).keys() == ["12fromGOPR0950"]


@pytest.mark.parametrize("prefix", [".", "test"])
def test_flat_tree(tmp_path, write_images, prefix):
    for folder in ("input", "target"):
        write_images(tmp_path / prefix / folder, *CLOSE_UPS)
    assert HIDEDataset(tmp_path).keys() == ["102fromGOPR1096.MP4", "7fromGOPR1034"]
    with pytest.raises(InputError, match=r"input/\* holds subsets=.*, but subsets=\['test-long-shot'\]"):
        HIDEDataset(tmp_path, subsets=["test-long-shot"])


@pytest.mark.parametrize("names", [("test/input", "test/target"), ("input", "target")])
def test_lmdbs_that_people_have(tmp_path, write_basicsr_lmdb, make_image, names):
    (tmp_path / "test").mkdir()
    for name in names:
        write_basicsr_lmdb(tmp_path / f"{name}.lmdb", {"7fromGOPR1034": make_image()})
    dataset = HIDEDataset(tmp_path)
    assert dataset.keys() == ["7fromGOPR1034"]
    assert dataset.metainfo["storage"] == "lmdb"


def test_prepared_lmdbs_hold_the_same_images_and_no_others(official, tmp_path):
    folders = HIDEDataset(official)
    write_lmdbs(folders.lmdb_plans(tmp_path / "out"), workers=0)
    lmdbs = HIDEDataset(tmp_path / "out")
    assert lmdbs.metainfo["storage"] == "lmdb"
    assert lmdbs.target.keys() == folders.keys()
    assert_same_pairs(lmdbs, folders)


def test_blurry_image_without_sharp_one_is_refused(official):
    (official / "GT" / LONG_SHOTS[0]).unlink()
    with pytest.raises(InputError, match=r"1 of the 3 images in .* have no partner .* \(12fromGOPR0950\)"):
        HIDEDataset(official)


def test_unknown_subset_is_refused(official):
    with pytest.raises(InputError, match=r"subsets must be one of 'test-close-ups', .*, not 'close-ups'"):
        HIDEDataset(official, subsets=["close-ups"])
    with pytest.raises(InputError, match="subsets is empty; name one or both of"):
        HIDEDataset(official, subsets=[])


def test_flat_tree_with_an_unpaired_sharp_image_is_refused(tmp_path, write_images):
    write_images(tmp_path / "input", "1.png")
    write_images(tmp_path / "target", "1.png", "2.png")
    with pytest.raises(InputError, match=r"1 of the 2 images .* have no partner"):
        HIDEDataset(tmp_path)


def test_missing_dataset_says_where_to_get_it(tmp_path):
    with pytest.raises(InputError) as caught:
        HIDEDataset(tmp_path / "HIDE")
    assert "is not in" in str(caught.value)
    assert "https://github.com/joanshen0508/HA_deblur" in str(caught.value)
    command = f"`python tools/prepare_data.py hide --source ZIP_OR_FOLDER --out {tmp_path / 'HIDE'}`"
    assert command in str(caught.value)
