"""From a path to the trees of files it names."""

import os
from collections.abc import Iterator
from pathlib import Path

from fcn_plugin.datasets.storage.file_tree import FileTree
from fcn_plugin.datasets.storage.folder_tree import FolderTree
from fcn_plugin.datasets.storage.zip_tree import ZipTree
from fcn_plugin.errors import InputError

DEEPEST_ROOT = 2


def open_tree(path: str | os.PathLike | FileTree) -> FileTree:
    """The tree of a folder, which need not exist, or of a zip archive; a tree is passed on.

    Raises:
        InputError: A file is no zip archive.
    """
    if not isinstance(path, str | os.PathLike):
        return path
    path = Path(os.path.normpath(path))  # configs name it from where they lie, by way of `..`
    if not path.is_file():
        return FolderTree(path)
    if path.suffix.lower() == ".zip":
        return ZipTree([path])
    raise InputError(
        f"{path} is neither a folder nor a zip archive, which alone can be read in place; "
        "unpack it and name the folder."
    )


def trees_at(path: str | os.PathLike) -> Iterator[list[FileTree]]:
    """What a path may stand for, nearest first, in groups of one depth.

    That is the tree that ``open_tree`` opens, then the folders in it, then theirs: archives bring a folder
    of their own, and some two. After these come the zip archives in a folder, as one tree, likewise.

    Raises:
        InputError: A file is no zip archive.
    """
    yield from _by_depth(open_tree(path))
    archives = sorted(Path(path).glob("[!.]*.zip"))
    if archives:
        yield from _by_depth(ZipTree(archives, location=str(Path(path, "*.zip"))))


def _by_depth(tree: FileTree) -> Iterator[list[FileTree]]:
    trees = [tree]
    yield trees
    for _ in range(DEEPEST_ROOT):
        trees = [tree.below(entry[:-1]) for tree in trees for entry in tree.entries() if entry[-1] == "/"]
        yield trees
