import numpy as np
import pytest

from fcn_plugin.datasets import RealBlurDataset
from fcn_plugin.datasets.realblur import RELEASED_AS
from fcn_plugin.datasets.storage import write_lmdbs
from fcn_plugin.errors import InputError

from ..conftest import assert_same_pairs

SCENES = {"train": ["scene001", "scene003"], "test": ["scene002"]}


@pytest.fixture
def official(tmp_path, write_images):
    for subset, folder in RELEASED_AS.items():
        for split, scenes in SCENES.items():
            pairs = [
                [f"{folder}/{scene}/{kind}/{kind}_{number}.png" for kind in ("gt", "blur")]
                for scene in scenes
                for number in (1, 12)
            ]
            for pair in pairs:
                write_images(tmp_path / "RealBlur", *pair)
            lines = [" ".join(pair) for pair in pairs]
            (tmp_path / f"RealBlur/RealBlur_{subset}_{split}_list.txt").write_text("\n".join(lines) + "\n")
    return tmp_path / "RealBlur"


@pytest.mark.parametrize("subset", ["J", "R"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_official_release(official, subset, split, write_zip):
    archive = write_zip(official.parent / "RealBlur.zip", official, "RealBlur")
    for root, storage in ((official, "folder"), (official.parent, "folder"), (archive, "zip")):
        dataset = RealBlurDataset(root, subset, split)
        assert dataset.keys() == [f"{scene}/{number}" for scene in SCENES[split] for number in (1, 12)]
        assert dataset.metainfo == {
            "dataset": "RealBlur",
            "subset": subset,
            "split": split,
            "blur": "as recorded",
            "storage": storage,
        }
        assert not np.array_equal(dataset[0]["img"], dataset[0]["gt"])


@pytest.mark.parametrize("place", ["test/RealBlur_R", "RealBlur_R/test"])
def test_flat_trees(tmp_path, write_images, place):
    for folder in ("input", "target"):
        write_images(tmp_path / place / folder, "scene002_1.png")
    assert RealBlurDataset(tmp_path, "R", "test").keys() == ["scene002_1"]
    with pytest.raises(InputError, match=r"RealBlur \(subset='J', split='test'\) is not in"):
        RealBlurDataset(tmp_path, "J", "test")


def test_prepared_lmdbs_hold_the_same_images(official, tmp_path):
    folders = RealBlurDataset(official, "J", "train")
    write_lmdbs(folders.lmdb_plans(tmp_path / "out"), workers=0)
    lmdbs = RealBlurDataset(tmp_path / "out", "J", "train")
    assert lmdbs.metainfo["storage"] == "lmdb"
    assert_same_pairs(lmdbs, folders)


def test_release_without_its_lists_is_refused(official):
    (official / "RealBlur_J_train_list.txt").unlink()
    with pytest.raises(
        InputError, match=r"RealBlur_J_train_list\.txt, which lists the images, cannot be read"
    ):
        RealBlurDataset(official, "J", "train")


def test_a_listed_image_without_partner_is_refused(official):
    (official / RELEASED_AS["J"] / "scene001/gt/gt_12.png").unlink()
    with pytest.raises(InputError, match=r"1 of the 4 images in .* have no partner .* \(scene001/12\)"):
        RealBlurDataset(official, "J", "train")


@pytest.mark.parametrize(("subset", "split"), [("K", "train"), ("J", "val")])
def test_other_values_are_refused(official, subset, split):
    with pytest.raises(InputError, match="must be one of"):
        RealBlurDataset(official, subset, split)
