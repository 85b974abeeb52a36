"""Images in folders and in zip archives."""

import os
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from fcn_plugin.datasets.storage.file_tree import FileTree, pattern_expression
from fcn_plugin.datasets.storage.image_codec import decode_rgb, unreadable_image
from fcn_plugin.datasets.storage.image_store import unknown_key
from fcn_plugin.datasets.storage.open_tree import open_tree
from fcn_plugin.errors import InputError
from fcn_plugin.registry import TASK_UTILS

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")


@TASK_UTILS.register_module()
class FolderStore:
    """The images below a folder, or in a zip archive, that match patterns.

    What a pattern's stars stand for, joined by ``/`` and without the extension, is an image's key:
    ``*/sharp/*`` gives ``GOPR0372_07_00/sharp/000047.png`` the key ``GOPR0372_07_00/000047``. ``**/``
    stands for any number of folders. Hidden files are left out.

    Args:
        root: The folder, the archive or a ``FileTree``.
        patterns: Glob patterns below it that end in a star.
        only: The names, below the root, of the files to keep; all where it is None.

    Raises:
        InputError: A pattern finds no images or has other wildcards than stars, or two images have the same
            key.
    """

    def __init__(
        self,
        root: str | os.PathLike | FileTree,
        patterns: Sequence[str] = ("**/*",),
        only: Collection[str] | None = None,
    ) -> None:
        self._tree = open_tree(root)
        self.location = ", ".join(self._place(pattern) for pattern in patterns)
        self.info: dict = {}
        self._names: dict[str, str] = {}
        for pattern in patterns:
            if set(pattern) & set("?["):
                raise InputError(
                    f"The pattern {pattern!r} has ? or [, which stand for nothing here; use stars."
                )
            found = [name for name in self._find_images(pattern) if only is None or name in only]
            if not found:
                kinds = " ".join(IMAGE_SUFFIXES)
                listed = "" if only is None else f" of the {len(only)} listed"
                place = self._place(pattern)
                raise InputError(f"There are no images ({kinds}){listed} at {place}; check the path.")
            for name in found:
                self._add(_key(pattern, name), name)

    def keys(self) -> list[str]:
        return sorted(self._names)

    def size(self, key: str) -> tuple[int, int]:
        name = self._name(key)
        try:
            with self._tree.open(name) as file, Image.open(file) as header:
                return header.height, header.width
        except OSError as error:
            raise unreadable_image(self._tree.place(name)) from error

    def read(self, key: str) -> np.ndarray:
        name = self._name(key)
        place = self._tree.place(name)
        try:
            with self._tree.open(name) as file:
                content = file.read()
        except OSError as error:
            raise InputError(f"{place} cannot be read ({error.strerror}); check the file.") from error
        return decode_rgb(content, place)

    def _find_images(self, pattern: str) -> list[str]:
        return [name for name in self._tree.find(pattern) if name.lower().endswith(IMAGE_SUFFIXES)]

    def _add(self, key: str, name: str) -> None:
        if key in self._names:
            first, second = self._tree.place(self._names[key]), self._tree.place(name)
            raise InputError(f"{first} and {second} have the same key {key!r}; rename one.")
        self._names[key] = name

    def _name(self, key: str) -> str:
        if key not in self._names:
            raise unknown_key(self, key)
        return self._names[key]

    def _place(self, pattern: str) -> str:
        return self._tree.location if pattern == "**/*" else self._tree.place(pattern)


def _key(pattern: str, name: str) -> str:
    stem = str(PurePosixPath(name).with_suffix(""))
    return "/".join(filter(None, pattern_expression(pattern).fullmatch(stem).groups()))
