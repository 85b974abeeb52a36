import pytest

from fcn_plugin.datasets.storage import FolderStore, LMDBStore, open_store
from fcn_plugin.errors import InputError


def test_paths(tmp_path, write_images, write_basicsr_lmdb, make_image):
    write_images(tmp_path / "images", "a.png")
    write_basicsr_lmdb(tmp_path / "images.lmdb", {"a": make_image()})
    for path in (tmp_path / "images", str(tmp_path / "images")):
        assert isinstance(open_store(path), FolderStore)
    for path in (tmp_path / "images.lmdb", str(tmp_path / "images.lmdb")):
        assert isinstance(open_store(path), LMDBStore)


def test_config(tmp_path, write_images):
    write_images(tmp_path, "000/sharp/a.png")
    config = {"type": "FolderStore", "root": str(tmp_path), "patterns": ["*/sharp/*"]}
    assert open_store(config).keys() == ["000/a"]
    assert config["type"] == "FolderStore"


def test_store_is_passed_on(tmp_path, write_images):
    write_images(tmp_path, "a.png")
    store = FolderStore(tmp_path)
    assert open_store(store) is store


def test_missing_path_is_refused(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        open_store(tmp_path / "nowhere")
