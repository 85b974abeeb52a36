"""Images in LMDBs of BasicSR's layout."""

import json
import os
import re
from pathlib import Path
from weakref import WeakValueDictionary

import lmdb
import numpy as np

from fcn_plugin.datasets.storage.image_codec import decode_rgb
from fcn_plugin.datasets.storage.image_store import unknown_key
from fcn_plugin.errors import InputError
from fcn_plugin.registry import TASK_UTILS

# BasicSR's list of images, one line each: `KEY.png (720,1280,3) 1`. The key may hold `/` and dots.
META_INFO = "meta_info.txt"
META_LINE = re.compile(r"(?P<key>.+)\.\w+ \((?P<height>\d+),(?P<width>\d+),\d+\) \d+")
# Beside it in LMDBs of ours, where BasicSR does not look.
DATASET_INFO = "dataset_info.json"
CHECKSUMS = "checksums.txt"

_REBUILD = "build it again with `python tools/prepare_data.py ... --overwrite`"


@TASK_UTILS.register_module()
class LMDBStore:
    """The images of one LMDB: encoded image files under their keys, listed in ``meta_info.txt``.

    Each process opens the LMDB anew when it first needs it, and pickling leaves it behind, so that a
    store works in DataLoader workers, forked or spawned.

    Args:
        path: The folder, ``NAME.lmdb``.

    Raises:
        InputError: The folder is not a whole LMDB of images.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self._path = Path(path)
        self.location = str(path)
        self._sizes = self._read_meta_info()
        self.info = self._read_dataset_info()
        self._environment: lmdb.Environment | None = None
        self._process: int | None = None
        entries = self._open().stat()["entries"]
        if entries < len(self._sizes):
            raise InputError(
                f"{path} holds {entries} of the {len(self._sizes)} images its {META_INFO} lists; {_REBUILD}."
            )

    def keys(self) -> list[str]:
        return sorted(self._sizes)

    def size(self, key: str) -> tuple[int, int]:
        if key not in self._sizes:
            raise unknown_key(self, key)
        return self._sizes[key]

    def read(self, key: str) -> np.ndarray:
        if key not in self._sizes:
            raise unknown_key(self, key)
        with self._open().begin(buffers=True) as transaction:
            content = transaction.get(key.encode())
            if content is None:
                raise InputError(
                    f"{self.location} lists {key!r} in its {META_INFO} but does not hold it; {_REBUILD}."
                )
            return decode_rgb(content, f"{key!r} in {self.location}")

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_environment": None, "_process": None}

    def _open(self) -> lmdb.Environment:
        if self._process != os.getpid():
            self._environment = _shared_environment(self._path)
            self._process = os.getpid()
        return self._environment

    def _read_meta_info(self) -> dict[str, tuple[int, int]]:
        if not self._path.is_dir():
            raise InputError(f"{self.location} does not exist; check the path.")
        try:
            lines = (self._path / META_INFO).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            raise InputError(
                f"{self.location} has no {META_INFO}, which lists its images; {_REBUILD}."
            ) from None
        sizes = {}
        for number, line in enumerate(lines, start=1):
            match = META_LINE.fullmatch(line.strip())
            if match is None:
                raise InputError(
                    f"Line {number} of {self._path / META_INFO} should read `KEY.png (height,width,3) 1`, "
                    f"not {line!r}; {_REBUILD}."
                )
            sizes[match["key"]] = int(match["height"]), int(match["width"])
        if not sizes:
            raise InputError(f"{self.location} is empty: its {META_INFO} lists no images; {_REBUILD}.")
        return sizes

    def _read_dataset_info(self) -> dict:
        path = self._path / DATASET_INFO
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


# {(process, device, inode): environment}, one for all stores of a file: a process may open an LMDB only
# once, but the training and the validation set may lie in the same one, and MMEngine copies datasets.
_environments: WeakValueDictionary[tuple[int, int, int], lmdb.Environment] = WeakValueDictionary()


def _shared_environment(path: Path) -> lmdb.Environment:
    try:
        file = os.stat(path / "data.mdb")
    except FileNotFoundError:
        raise InputError(f"{path} has no data.mdb; {_REBUILD}.") from None
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
            raise InputError(f"{path} cannot be opened as an LMDB ({error}); {_REBUILD}.") from error
        _environments[identity] = environment
    return environment
