import os
import re

import cv2
import numpy as np
import pytest

from fcn_plugin.datasets.storage import FolderStore
from fcn_plugin.errors import InputError


def test_keys_are_relative_paths_without_extension(tmp_path, write_images):
    write_images(tmp_path, "b.png", "a.JPG", "deep/er/name.with.dots.png", ".hidden.png")
    (tmp_path / "readme.txt").touch()
    assert FolderStore(tmp_path).keys() == ["a", "b", "deep/er/name.with.dots"]


def test_keys_are_what_the_stars_stand_for(tmp_path, write_images):
    write_images(tmp_path, "000/blur/1.png", "000/sharp/1.png", "001/blur/1.png", "blur/1.png")
    assert FolderStore(tmp_path, ["*/blur/*"]).keys() == ["000/1", "001/1"]


def test_several_patterns_are_one_store(tmp_path, write_images):
    images = write_images(tmp_path, "x/a.png", "y/b.png", "z/c.png")
    store = FolderStore(tmp_path, ["x/*", "y/*"])
    assert store.keys() == ["a", "b"]
    np.testing.assert_array_equal(store.read("b"), images["y/b.png"])


def test_other_wildcards_than_stars_are_refused(tmp_path, write_images):
    write_images(tmp_path, "x/a-1.png")
    with pytest.raises(
        InputError, match=r"'x/a-\?-\*' has \? or \[, which stand for nothing here; use stars"
    ):
        FolderStore(tmp_path, ["x/a-?-*"])


def test_reads_rgb_and_size(tmp_path, write_images):
    images = write_images(tmp_path, "a.png", height=5, width=9)
    store = FolderStore(tmp_path)
    np.testing.assert_array_equal(store.read("a"), images["a.png"])
    assert store.size("a") == (5, 9)


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_linked_folders_are_followed(tmp_path, write_images):
    write_images(tmp_path / "elsewhere", "a.png")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/linked").symlink_to(tmp_path / "elsewhere")
    assert FolderStore(tmp_path / "root").keys() == ["linked/a"]


def test_folder_without_images_is_refused(tmp_path, write_images):
    write_images(tmp_path, "x/a.png")
    with pytest.raises(InputError, match=re.escape(str(tmp_path / "y/*"))):
        FolderStore(tmp_path, ["x/*", "y/*"])
    with pytest.raises(InputError, match=r"There are no images \(\.png .*\) at .*nowhere.*; check the path"):
        FolderStore(tmp_path / "nowhere")


def test_two_files_of_one_key_are_refused(tmp_path, write_images):
    write_images(tmp_path, "a.png", "a.bmp")
    with pytest.raises(InputError, match=r"a\.\w+ and .*a\.\w+ have the same key 'a'; rename one"):
        FolderStore(tmp_path)


def test_unknown_key_is_refused(tmp_path, write_images):
    write_images(tmp_path, "000047.png")
    store = FolderStore(tmp_path)
    for ask in (store.read, store.size):
        with pytest.raises(InputError, match=r"has no image '000047\.png'; its keys look like '000047'"):
            ask("000047.png")


def test_unusable_files_are_named(tmp_path, write_images):
    write_images(tmp_path, "damaged.png", "gone.png")
    store = FolderStore(tmp_path)
    (tmp_path / "damaged.png").write_bytes((tmp_path / "damaged.png").read_bytes()[:40])
    (tmp_path / "gone.png").unlink()
    with pytest.raises(InputError, match=r"damaged\.png is not a readable image"):
        store.read("damaged")
    with pytest.raises(InputError, match=r"gone\.png cannot be read \(No such file"):
        store.read("gone")
    (tmp_path / "damaged.png").write_text("no image")
    with pytest.raises(InputError, match=r"damaged\.png is not a readable image"):
        store.size("damaged")


def test_size_agrees_with_the_pixels_of_a_turned_photograph(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn me by 90 degrees"
    Image.fromarray(np.zeros((8, 16, 3), np.uint8)).save(tmp_path / "a.jpg", exif=exif)
    assert cv2.imread(str(tmp_path / "a.jpg")).shape[:2] == (16, 8)
    store = FolderStore(tmp_path)
    assert store.size("a") == store.read("a").shape[:2] == (8, 16)
