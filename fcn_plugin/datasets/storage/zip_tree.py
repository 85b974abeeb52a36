"""Files in zip archives, read without unpacking them."""

import errno
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import BinaryIO

from fcn_plugin.datasets.storage.file_tree import is_hidden, pattern_expression
from fcn_plugin.errors import InputError

_ENCRYPTED = 0x1  # of a member's flag bits


class ZipTree:
    """The files of one archive, or of several as though unpacked into the same folder; a ``FileTree``.

    Each process opens the archives anew when it first reads from them, and pickling leaves them behind, so
    that a tree works in DataLoader workers, forked or spawned.

    Args:
        archives: The archives' paths.
        location: What messages call them together; else the first one's path.

    Raises:
        InputError: An archive is cut off or none.
    """

    kind = "zip"

    def __init__(self, archives: Sequence[str | os.PathLike], location: str | None = None) -> None:
        self.location = location or str(archives[0])
        # {name: [(archive, the name in it)]}, of which a whole release has one each.
        self._members: dict[str, list[tuple[str, str]]] = {}
        for archive in map(str, archives):
            with _open_archive(archive) as opened:
                for member in opened.infolist():
                    if not member.is_dir() and not is_hidden(member.filename):
                        self._members.setdefault(member.filename, []).append((archive, member.filename))
        self._opened: dict[str, zipfile.ZipFile] = {}
        self._process: int | None = None

    def entries(self) -> list[str]:
        tops = (name.partition("/") for name in self._members)
        return sorted({top + slash for top, slash, _ in tops})

    def find(self, pattern: str) -> Iterator[str]:
        expression = pattern_expression(pattern)
        for name, places in self._members.items():
            if expression.fullmatch(name):
                if len(places) > 1:
                    archives = " and in ".join(dict.fromkeys(archive for archive, _ in places))
                    raise InputError(f"{name!r} is there twice in {archives}; remove one and pack it again.")
                yield name

    def below(self, folder: str) -> "ZipTree":
        tree = copy(self)
        tree.location = self.place(folder)
        tree._members = {
            name.removeprefix(f"{folder}/"): places
            for name, places in self._members.items()
            if name.startswith(f"{folder}/")
        }
        return tree

    def place(self, name: str) -> str:
        if name in self._members:
            return "/".join(self._members[name][0])
        return f"{self.location}/{name}"

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        if name not in self._members:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.place(name))
        path, member = self._members[name][0]
        archive = self._archive(path)
        if archive.getinfo(member).flag_bits & _ENCRYPTED:
            raise InputError(f"{self.place(name)} is encrypted; unpack {path} and name the folder.")
        try:
            with archive.open(member) as file:
                yield file
        except NotImplementedError as error:
            raise InputError(
                f"{self.place(name)} is packed in a way that Python cannot read ({error}); "
                f"unpack {path} and name the folder."
            ) from error
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise InputError(f"{self.place(name)} is damaged ({error}); download {path} again.") from error

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_opened": {}, "_process": None}

    def _archive(self, path: str) -> zipfile.ZipFile:
        # A forked child shares the position in its parent's file, so it opens one of its own.
        if self._process != os.getpid():
            self._opened, self._process = {}, os.getpid()
        if path not in self._opened:
            self._opened[path] = _open_archive(path)
        return self._opened[path]


def _open_archive(path: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise InputError(f"{path} is cut off or no zip archive ({error}); download it again.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the file.") from error
