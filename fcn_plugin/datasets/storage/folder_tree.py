"""Files in a folder."""

import glob
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from fcn_plugin.datasets.storage.file_tree import is_hidden


class FolderTree:
    """The files below a folder; a ``FileTree``."""

    kind = "folder"

    def __init__(self, root: str | os.PathLike) -> None:
        self._root = Path(root)
        self.location = str(root)

    def entries(self) -> list[str]:
        if not self._root.is_dir():
            return []
        with os.scandir(self._root) as entries:
            return sorted(
                f"{entry.name}/" if entry.is_dir() else entry.name
                for entry in entries
                if not is_hidden(entry.name)
            )

    def find(self, pattern: str) -> Iterator[str]:
        # glob follows links to folders, which Path.glob does not below `**`; datasets are often linked.
        for name in glob.iglob(pattern, root_dir=self._root, recursive=True):
            yield Path(name).as_posix()

    def below(self, folder: str) -> "FolderTree":
        return FolderTree(self._root / folder)

    def place(self, name: str) -> str:
        return str(self._root / name)

    def open(self, name: str) -> BinaryIO:
        return (self._root / name).open("rb")
