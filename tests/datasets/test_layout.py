from pathlib import Path

import numpy as np
import pytest

from fcn_plugin.datasets.layout import Layout
from fcn_plugin.datasets.storage import open_tree
from fcn_plugin.errors import InputError

FIELDS = {"split": "train", "subset": ["x", "y"]}


def test_kind_of_storage():
    assert Layout("a.lmdb", "b.lmdb").storage == "lmdb"
    assert Layout("a/*", "b/*").storage == "folder"


def test_a_field_of_several_values_stands_for_each(tmp_path, write_images):
    images = write_images(tmp_path, "train/x/1.png", "train/y/2.png", "train/z/3.png", "GT/1.png", "GT/2.png")
    layout = Layout("{split}/{subset}/*", "GT/*")
    assert layout.exists(open_tree(tmp_path), FIELDS)
    input, target = layout.open(open_tree(tmp_path), FIELDS)
    assert input.keys() == target.keys() == ["1", "2"]
    np.testing.assert_array_equal(input.read("2"), images["train/y/2.png"])
    np.testing.assert_array_equal(target.read("2"), images["GT/2.png"])


def test_every_value_must_be_there(tmp_path, write_images):
    write_images(tmp_path, "train/x/1.png", "GT/1.png")
    with pytest.raises(InputError, match=r"There are no images .*train/y"):
        Layout("{split}/{subset}/*", "GT/*").open(open_tree(tmp_path), FIELDS)


def test_opens_lmdbs(tmp_path, write_basicsr_lmdb, make_image):
    layout = Layout("{split}/input.lmdb", "{split}/target.lmdb")
    assert not layout.exists(open_tree(tmp_path), FIELDS)
    (tmp_path / "train").mkdir()
    images = [make_image(), make_image()]
    for name, image in zip(("input", "target"), images, strict=True):
        write_basicsr_lmdb(tmp_path / f"train/{name}.lmdb", {"a": image})
    assert layout.exists(open_tree(tmp_path), FIELDS)
    for store, image in zip(layout.open(open_tree(tmp_path), FIELDS), images, strict=True):
        np.testing.assert_array_equal(store.read("a"), image)


def test_places():
    places = Layout("{split}/{subset}/*", "GT/*").places(Path("data"), FIELDS)
    assert places == (Path("data/train/x/*"), Path("data/GT/*"))


def test_a_list_names_the_images(tmp_path, write_images):
    write_images(tmp_path, *(f"scene{scene}/{kind}_1.png" for scene in (1, 2) for kind in ("blur", "gt")))
    (tmp_path / "train_list.txt").write_text("scene2/gt_1.png scene2/blur_1.png\r\n")
    layout = Layout("*/blur_*", "*/gt_*", listed_in="{split}_list.txt")
    for store in layout.open(open_tree(tmp_path), FIELDS):
        assert store.keys() == ["scene2/1"]
    (tmp_path / "train_list.txt").write_text("elsewhere/gt_1.png elsewhere/blur_1.png")
    with pytest.raises(InputError, match=r"There are no images \(.*\) of the 2 listed at .*blur_\*; check"):
        layout.open(open_tree(tmp_path), FIELDS)
    (tmp_path / "train_list.txt").unlink()
    with pytest.raises(InputError, match=r"train_list\.txt, which lists the images, cannot be read; add it"):
        layout.open(open_tree(tmp_path), FIELDS)
