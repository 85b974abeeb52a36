"""Values of an LMDB in place, without reading them."""

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from fcn_plugin.datasets.storage.lmdb_layout import DATA, REBUILD
from fcn_plugin.errors import InputError

# LMDB's file, as its releases 0.9 write it on a 64-bit machine: pages, of which the first two say in turn
# where the tree of keys begins. http://www.lmdb.tech/doc/
MAGIC = 0xBEEFC0DE
VERSION = 1
PAGE = np.dtype([("number", "u8"), ("unused", "u2"), ("flags", "u2"), ("lower", "u2"), ("upper", "u2")])
BRANCH = 1  # a page's flag; a branch's nodes lead to further pages, a leaf's hold keys and values
TREE = np.dtype(
    [
        ("page_size", "u4"),
        ("flags", "u2"),
        ("depth", "u2"),
        ("pages", "u8", 3),
        ("entries", "u8"),
        ("root", "u8"),
    ]
)
META = np.dtype(
    [
        ("page", PAGE),
        ("magic", "u4"),
        ("version", "u4"),
        ("address", "u8"),
        ("map_size", "u8"),
        ("free", TREE),  # only this one tells the size of a page
        ("main", TREE),
        ("last_page", "u8"),
        ("transaction", "u8"),
    ]
)
NODE = struct.Struct("=IHH")  # length of the value, flags, length of the key; then the key, then the value
ELSEWHERE = 1  # a node's flag: in the value's place stands the number of the pages that it lies on
PAGE_NUMBER = struct.Struct("=Q")


class LMDBMap:
    """The values of an LMDB as views into its mapped file.

    py-lmdb touches every page of a value that it looks up, so that Python need not stand still while the
    disk is waited for; of an uncompressed image, that would read the whole for the smallest crop. Here a
    page is read when it is looked at, and not before: where the values lie is taken from LMDB's tree of
    keys, which is small. What is looked at in full is best announced by `read_ahead`.

    An array keeps the file mapped for as long as it lives: beyond this object, and into a forked process.
    Pickling leaves the map behind.

    Args:
        path: The folder of an LMDB that nobody writes to any more.

    Raises:
        InputError: There is no such LMDB, or it is cut short, damaged or of another format.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content = self._map()
        meta = self._last_commit()
        self._page_size = int(meta["free"]["page_size"])
        if len(self._content) < (int(meta["last_page"]) + 1) * self._page_size:
            raise InputError(f"{path / DATA} is cut short; {REBUILD}.")
        self._extents = self._find_values(meta["main"])

    def __len__(self) -> int:
        return len(self._extents)

    @contextmanager
    def value(self, key: str) -> Iterator[np.ndarray | None]:
        """Gives a value as a flat uint8 array, or None where there is none; also valid after the block."""
        if key.encode() not in self._extents:
            yield None
        else:
            start, length = self._extents[key.encode()]
            yield self._content[start : start + length]

    def __reduce__(self) -> tuple:
        return type(self), (self._path,)

    def _map(self) -> np.ndarray:
        try:
            with (self._path / DATA).open("rb") as file:
                if os.fstat(file.fileno()).st_size < META.itemsize:
                    raise InputError(f"{self._path / DATA} is cut short; {REBUILD}.")
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise InputError(f"{self._path} has no {DATA}; {REBUILD}.") from None
        if hasattr(content, "madvise"):  # not on Windows
            content.madvise(mmap.MADV_RANDOM)  # else the system reads far around what is looked at
        return np.frombuffer(content, np.uint8)

    def _last_commit(self) -> np.void:
        first = self._record(META, 0)
        if (first["magic"], first["version"]) != (MAGIC, VERSION):
            raise InputError(f"{self._path / DATA} is not of LMDB's format {VERSION}; {REBUILD}.")
        second = self._record(META, int(first["free"]["page_size"]))
        return max(first, second, key=lambda meta: meta["transaction"])

    def _find_values(self, tree: np.void) -> dict[bytes, tuple[int, int]]:
        count, root = int(tree["entries"]), int(tree["root"])
        try:
            extents = dict(self._walk(root)) if count else {}
        except (ValueError, struct.error, RecursionError):  # a page that leads beyond the file, or back
            extents = {}
        if len(extents) != count:
            raise InputError(f"{self._path / DATA} is damaged where it says what lies where; {REBUILD}.")
        return extents

    def _walk(self, page_number: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
        """Yields each key below a page with the place and the length of its value."""
        page_start = page_number * self._page_size
        page = self._record(PAGE, page_start)
        count = (int(page["lower"]) - PAGE.itemsize) // 2
        for offset in np.frombuffer(self._content, "u2", count, page_start + PAGE.itemsize).tolist():
            length, flags, key_length = NODE.unpack_from(self._content, page_start + offset)
            if page["flags"] & BRANCH:
                yield from self._walk(length | flags << 32)
                continue
            key_start = page_start + offset + NODE.size
            start = key_start + key_length
            key = self._content[key_start:start].tobytes()
            if flags & ELSEWHERE:
                (value_page,) = PAGE_NUMBER.unpack_from(self._content, start)
                start = value_page * self._page_size + PAGE.itemsize
            yield key, (start, length)

    def _record(self, kind: np.dtype, start: int) -> np.void:
        return np.frombuffer(self._content, kind, 1, start)[0]
