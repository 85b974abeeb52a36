import json
from typing import ClassVar

import numpy as np
import pytest

from fcn_plugin.datasets import GoProDataset
from fcn_plugin.datasets.layout import Layout
from fcn_plugin.datasets.published_dataset import NotFoundError, PublishedDataset
from fcn_plugin.datasets.storage import write_lmdbs
from fcn_plugin.errors import InputError


class Letters(PublishedDataset):
    NAME = "Letters"
    LAYOUTS = (
        Layout("{case}-blurry.lmdb", "{case}-sharp.lmdb"),
        Layout("{case}/blurry/*", "{case}/sharp/*"),
        Layout("blurry/*", "sharp/*", holds={"case": "upper"}),
    )
    PAIRS: ClassVar = {"case": {"upper": 1, "lower": 2}}
    SIZE = (24, 32)
    HOW_TO_GET_IT = "write some"

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
    with pytest.raises(
        InputError,
        match=r"Letters \(case='upper'\) is not in .*, which holds .*: write some and put it there",
    ):
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


def test_folders_that_an_archive_brings_are_found(tmp_path, write_images, write_zip):
    images = write_images(tmp_path / "files", "upper/blurry/A.png", "upper/sharp/A.png")
    write_images(tmp_path / "files", "__MACOSX/upper/blurry/._A.png")
    for top in ("", "letters", "letters/letters"):
        (tmp_path / "root" / top).parent.mkdir(parents=True, exist_ok=True)
        archive = write_zip(tmp_path / "zips/letters.zip", tmp_path / "files", top)
        for root, storage in ((archive, "zip"), (archive.parent, "zip")):
            dataset = Letters(root, "upper")
            assert dataset.metainfo["storage"] == storage
            assert dataset.keys() == ["A"]
            np.testing.assert_array_equal(dataset[0]["gt"], images["upper/sharp/A.png"])
    (tmp_path / "root/a").mkdir(parents=True)
    (tmp_path / "files").rename(tmp_path / "root/a/b")
    assert Letters(tmp_path / "root", "upper").metainfo["storage"] == "folder"
    with pytest.raises(InputError, match="is not in"):  # it is not looked for everywhere
        Letters(tmp_path, "upper")


def test_archives_of_one_folder_are_one_release(tmp_path, write_images, write_zip):
    write_images(tmp_path, "a/lower/blurry/a.png", "b/lower/sharp/a.png")
    for name in ("a", "b"):
        write_zip(tmp_path / f"zips/{name}.zip", tmp_path / name)
    dataset = Letters(tmp_path / "zips", "lower")
    assert dataset.keys() == ["a"]
    assert dataset.input.location == str(tmp_path / "zips/*.zip/lower/blurry/*")


def test_a_dataset_that_is_there_twice_is_refused(tmp_path, write_images):
    write_images(tmp_path, *(f"{copy}/lower/{kind}/a.png" for copy in "xy" for kind in ("blurry", "sharp")))
    with pytest.raises(InputError, match=r"Letters \(case='lower'\) is in .*x and in .*y; name one"):
        Letters(tmp_path, "lower")
    assert Letters(tmp_path / "x", "lower").keys() == ["a"]


def test_what_is_there_instead_is_told(tmp_path, write_images, write_zip):
    write_images(tmp_path / "files", "Numbers/train/1.png", "readme.txt.png")
    archive = write_zip(tmp_path / "numbers.zip", tmp_path / "files")
    with pytest.raises(NotFoundError) as caught:
        Letters(archive, "lower", "folder")
    assert str(caught.value).startswith(
        f"Letters (case='lower') is not in {archive}, which holds Numbers/, readme.txt.png "
        "but none of lower/blurry/*, blurry/*: write some and put it there"
    )


def test_number_and_size_are_compared_with_the_published_ones(both_layouts):
    dataset = Letters(both_layouts, "upper")
    dataset.check_count()
    dataset.check_published_size([dataset.check_size("A")])
    message = (
        r"images of 16×8, but Letters \(case='upper'\) was published with 32×24; get the release as it is"
    )
    with pytest.raises(InputError, match=message):
        dataset.check_published_size([(24, 32), (8, 16)])
    with pytest.raises(InputError, match=r"holds 1 pairs, but Letters \(case='lower'\) was published with 2"):
        Letters(both_layouts, "lower").check_count()
