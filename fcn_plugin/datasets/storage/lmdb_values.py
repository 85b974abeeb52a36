"""Values of an LMDB, read by LMDB."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary

import lmdb
import numpy as np

from fcn_plugin.datasets.storage.lmdb_layout import DATA, REBUILD
from fcn_plugin.errors import InputError


class LMDBValues:
    """The values of an LMDB.

    Each process opens the LMDB anew when it first needs it, and pickling leaves it behind.

    Args:
        path: The folder.

    Raises:
        InputError: There is no LMDB that can be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._environment = _shared_environment(path)
        self._process = os.getpid()

    def __len__(self) -> int:
        return self._open().stat()["entries"]

    @contextmanager
    def value(self, key: str) -> Iterator[np.ndarray | None]:
        """Lends a value as a flat uint8 array, or None where there is none; valid only within the block.

        Raises:
            InputError: The LMDB is damaged where it says where the value lies.
        """
        with self._open().begin(buffers=True) as transaction:
            try:
                value = transaction.get(key.encode())
            except lmdb.Error as error:
                raise InputError(f"{key!r} cannot be found in {self._path} ({error}); {REBUILD}.") from error
            yield None if value is None else np.frombuffer(value, np.uint8)

    def __reduce__(self) -> tuple:
        return type(self), (self._path,)

    def _open(self) -> lmdb.Environment:
        if self._process != os.getpid():
            self._environment = _shared_environment(self._path)
            self._process = os.getpid()
        return self._environment


# {(process, device, inode): environment}, one for all stores of a file: a process may open an LMDB only
# once, but the training and the validation set may lie in the same one, and MMEngine copies datasets.
_environments: WeakValueDictionary[tuple[int, int, int], lmdb.Environment] = WeakValueDictionary()


def _shared_environment(path: Path) -> lmdb.Environment:
    try:
        file = os.stat(path / DATA)
    except FileNotFoundError:
        raise InputError(f"{path} has no {DATA}; {REBUILD}.") from None
    for (process, *_), inherited in list(_environments.items()):
        # A forked child may not use its parent's environments, nor open the files while they are open.
        if process != os.getpid():
            inherited.close()
    identity = (os.getpid(), file.st_dev, file.st_ino)
    environment = _environments.get(identity)
    if environment is None:
        try:
            environment = lmdb.open(str(path), readonly=True, lock=False, readahead=False, meminit=False)
        except lmdb.Error as error:
            raise InputError(f"{path} cannot be opened as an LMDB ({error}); {REBUILD}.") from error
        _environments[identity] = environment
    return environment
