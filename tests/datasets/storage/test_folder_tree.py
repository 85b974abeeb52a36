import pytest

from fcn_plugin.datasets.storage.folder_tree import FolderTree


@pytest.fixture
def folder(tmp_path, write_images):
    write_images(tmp_path, "train/x/1.png", "2.png", ".hidden/3.png", "train/.4.png", "__MACOSX/._2.png")
    return tmp_path


def test_entries_and_names(folder):
    tree = FolderTree(folder)
    assert tree.entries() == ["2.png", "train/"]
    assert sorted(tree.find("**/*.png")) == ["2.png", "train/x/1.png"]
    assert list(tree.find("train/*/*")) == ["train/x/1.png"]


def test_tree_of_a_folder_in_it(folder):
    below = FolderTree(folder).below("train")
    assert below.entries() == ["x/"]
    assert below.place("x/1.png") == str(folder / "train/x/1.png")
    with below.open("x/1.png") as file:
        assert file.read() == (folder / "train/x/1.png").read_bytes()


def test_a_folder_that_is_not_there_is_empty(tmp_path):
    tree = FolderTree(tmp_path / "nowhere")
    assert tree.entries() == list(tree.find("**/*")) == []
