"""What image files lie in: a folder, or zip archives that are read as they are."""

import functools
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol


class FileTree(Protocol):
    """Files by name: a path below the tree's root, its parts joined by ``/``. Hidden files are left out.

    Attributes:
        location: Where the root is, for messages.
        kind: ``'folder'`` or ``'zip'``.
    """

    location: str
    kind: str

    def entries(self) -> list[str]:
        """What lies at the root, sorted; a folder's name ends in ``/``."""

    def find(self, pattern: str) -> Iterator[str]:
        """The names that match a glob pattern, whose ``**/`` stands for any number of folders.

        Raises:
            InputError: Two files have the same name.
        """

    def below(self, folder: str) -> "FileTree":
        """The tree of one of the folders at the root."""

    def place(self, name: str) -> str:
        """Where a file, or what a pattern stands for, is; in a folder this is its path."""

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Opens a file to read from.

        Raises:
            OSError: The disk cannot read it.
            InputError: An archive does not hold it whole.
        """


@functools.cache
def pattern_expression(pattern: str) -> re.Pattern[str]:
    """A glob pattern as a regular expression with a group for each of its stars."""
    return re.compile(re.escape(pattern).replace(r"\*\*/", "(?:(.+)/)?").replace(r"\*", "([^/]+)"))


def is_hidden(name: str) -> bool:
    """Whether a file or folder is none of the user's: ``.DS_Store``, ``._000047.png``, ``__MACOSX``."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
