import tarfile

import pytest

from fcn_plugin.datasets.storage import open_tree, trees_at
from fcn_plugin.errors import InputError


@pytest.fixture
def images(tmp_path, write_images):
    write_images(tmp_path / "images", "train/x/1.png", "test/2.png", ".hidden/3.png")
    return tmp_path / "images"


def test_folders_and_archives(images, write_zip):
    archive = write_zip(images.parent / "images.ZIP", images)
    for path, kind in ((images, "folder"), (str(images), "folder"), (archive, "zip")):
        tree = open_tree(path)
        assert (tree.kind, tree.location) == (kind, str(path))
        assert tree.entries() == ["test/", "train/"]
        assert sorted(tree.find("**/*.png")) == ["test/2.png", "train/x/1.png"]
        assert open_tree(tree) is tree


def test_an_archive_that_is_no_zip_is_refused(images):
    archive = images.parent / "images.tar.gz"
    with tarfile.open(archive, "w:gz") as opened:
        opened.add(images, "images")
    message = r"images\.tar\.gz is neither a folder nor a zip archive, .*; unpack it and name the folder"
    with pytest.raises(InputError, match=message):
        open_tree(archive)


def test_what_a_path_may_stand_for(images, write_zip):
    write_zip(images / "b.zip", images / "train", "val")
    write_zip(images / "a.zip", images / "test", "test")
    places = [[tree.location for tree in trees] for trees in trees_at(images)]
    root, archives = str(images), str(images / "*.zip")
    assert places == [
        [root], [f"{root}/test", f"{root}/train"], [f"{root}/train/x"],
        [archives], [f"{archives}/test", f"{archives}/val"], [f"{archives}/val/x"],
    ]  # fmt: skip
