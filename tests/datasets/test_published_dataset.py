import json

import pytest

from fcn_plugin.datasets import GoProDataset
from fcn_plugin.datasets.layout import Layout
from fcn_plugin.datasets.published_dataset import PublishedDataset
from fcn_plugin.datasets.storage import write_lmdbs
from fcn_plugin.errors import InputError


class Letters(PublishedDataset):
    NAME = "Letters"
    LAYOUTS = (
        Layout("{case}-blurry.lmdb", "{case}-sharp.lmdb"),
        Layout("{case}/blurry/*", "{case}/sharp/*"),
        Layout("blurry/*", "sharp/*", holds={"case": "upper"}),
    )
    HOW_TO_GET_IT = "write some."

    def __init__(self, data_root, case, storage="auto", **kwargs):
        super().__init__(data_root, storage, {"case": case}, **kwargs)


@pytest.fixture
def both_layouts(tmp_path, write_images):
    write_images(tmp_path, "blurry/A.png", "sharp/A.png", "lower/blurry/a.png", "lower/sharp/a.png")
    return tmp_path


def test_first_layout_that_holds_what_is_asked_for(both_layouts):
    assert Letters(both_layouts, "upper").keys() == ["A"]
    assert Letters(both_layouts, "lower").keys() == ["a"]


def test_storage_is_chosen_and_told(both_layouts):
    write_lmdbs(Letters(both_layouts, "lower").lmdb_plans(both_layouts), workers=0)
    for storage, expected in (("auto", "lmdb"), ("lmdb", "lmdb"), ("folder", "folder")):
        dataset = Letters(both_layouts, "lower", storage)
        assert dataset.metainfo == {"dataset": "Letters", "case": "lower", "storage": expected}
    assert Letters(both_layouts, "upper").metainfo["storage"] == "folder"
    with pytest.raises(InputError, match=r"Letters \(case='upper'\) is not in .*: write some\."):
        Letters(both_layouts, "upper", "lmdb")
    with pytest.raises(InputError, match="storage must be one of 'auto', 'folder', 'lmdb', not 'zip'"):
        Letters(both_layouts, "upper", "zip")


def test_layout_that_holds_something_else_is_refused(tmp_path, write_images):
    write_images(tmp_path, "blurry/A.png", "sharp/A.png")
    with pytest.raises(InputError, match=r"blurry/\* holds case='upper', but case='lower' was asked for"):
        Letters(tmp_path, "lower")


def test_lmdb_that_says_otherwise_is_refused(both_layouts):
    write_lmdbs(Letters(both_layouts, "lower").lmdb_plans(both_layouts), workers=0)
    sidecar = both_layouts / "lower-sharp.lmdb/dataset_info.json"
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), "case": "upper"}))
    with pytest.raises(InputError, match=r"lower-sharp\.lmdb holds case='upper', but case='lower' was asked"):
        Letters(both_layouts, "lower")


def test_half_of_a_layout_is_not_passed_over(both_layouts):
    """Taking the folders instead would hide that an LMDB is missing."""
    plans = Letters(both_layouts, "lower").lmdb_plans(both_layouts)
    write_lmdbs(plans[:1], workers=0)
    with pytest.raises(InputError, match=r"lower-sharp\.lmdb does not exist"):
        Letters(both_layouts, "lower")


def test_plans_say_what_they_hold(tmp_path, write_images):
    write_images(tmp_path, "train/GOPR1/blur_gamma/1.png", "train/GOPR1/sharp/1.png")
    blurry, sharp = GoProDataset(tmp_path, "train", "gamma").lmdb_plans("out")
    assert str(blurry.path) == "out/train/blur_gamma.lmdb"
    assert blurry.info == {"dataset": "GoPro", "split": "train", "blur": "gamma", "role": "blur"}
    assert str(sharp.path) == "out/train/sharp.lmdb"
    assert sharp.info == {"dataset": "GoPro", "split": "train", "role": "sharp"}
    assert blurry.keys == sharp.keys == ["GOPR1/1"]
