"""Images in folders."""

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from fcn_plugin.datasets.storage.image_codec import decode_rgb, unreadable_image
from fcn_plugin.datasets.storage.image_store import unknown_key
from fcn_plugin.errors import InputError
from fcn_plugin.registry import TASK_UTILS

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")


@TASK_UTILS.register_module()
class FolderStore:
    """The images below a folder that match patterns.

    What a pattern's stars stand for, joined by ``/`` and without the extension, is an image's key:
    ``*/sharp/*`` gives ``GOPR0372_07_00/sharp/000047.png`` the key ``GOPR0372_07_00/000047``. ``**/``
    stands for any number of folders. Hidden files are left out.

    Args:
        root: The folder.
        patterns: Glob patterns below it that end in a star.

    Raises:
        InputError: A pattern finds no images, or two images have the same key.
    """

    def __init__(self, root: str | os.PathLike, patterns: Sequence[str] = ("**/*",)) -> None:
        self.location = ", ".join(_place(root, pattern) for pattern in patterns)
        self.info: dict = {}
        self._paths: dict[str, Path] = {}
        for pattern in patterns:
            found = _find_images(Path(root), pattern)
            if not found:
                kinds = " ".join(IMAGE_SUFFIXES)
                raise InputError(f"There are no images ({kinds}) at {_place(root, pattern)}; check the path.")
            for key, path in found:
                if key in self._paths:
                    raise InputError(f"{self._paths[key]} and {path} have the same key {key!r}; rename one.")
                self._paths[key] = path

    def keys(self) -> list[str]:
        return sorted(self._paths)

    def size(self, key: str) -> tuple[int, int]:
        path = self._path(key)
        try:
            with Image.open(path) as header:
                return header.height, header.width
        except OSError as error:
            raise unreadable_image(str(path)) from error

    def read(self, key: str) -> np.ndarray:
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror}); check the file.") from error
        return decode_rgb(content, str(path))

    def _path(self, key: str) -> Path:
        if key not in self._paths:
            raise unknown_key(self, key)
        return self._paths[key]


def _place(root: str | os.PathLike, pattern: str) -> str:
    return str(root if pattern == "**/*" else Path(root, pattern))


def _find_images(root: Path, pattern: str) -> list[tuple[str, Path]]:
    key_parts = re.compile(re.escape(pattern).replace(r"\*\*/", "(?:(.+)/)?").replace(r"\*", "([^/]+)"))
    found = []
    # glob follows links to folders, which Path.glob does not below `**`; datasets are often linked.
    for name in glob.iglob(pattern, root_dir=root, recursive=True):
        path = Path(name)
        if path.suffix.lower() in IMAGE_SUFFIXES:
            parts = key_parts.fullmatch(path.with_suffix("").as_posix()).groups()
            found.append(("/".join(filter(None, parts)), root / path))
    return found
