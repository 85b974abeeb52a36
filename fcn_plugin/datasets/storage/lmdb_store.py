"""Images in LMDBs of BasicSR's layout."""

import json
import os
import re
from pathlib import Path
from weakref import WeakValueDictionary

import lmdb
import numpy as np

from fcn_plugin.datasets.storage.encodings import ENCODINGS, ImageSize
from fcn_plugin.datasets.storage.image_store import unknown_key
from fcn_plugin.errors import InputError
from fcn_plugin.registry import TASK_UTILS

# BasicSR's list of images, one line each: `KEY.png (720,1280,3) 1`. The key may hold `/` and dots.
META_INFO = "meta_info.txt"
META_LINE = re.compile(r"(?P<key>.+)\.\w+ \((?P<height>\d+),(?P<width>\d+),\d+\) \d+")
# Beside it in LMDBs of ours, where BasicSR does not look.
DATASET_INFO = "dataset_info.json"
CHECKSUMS = "checksums.txt"
BASICSR_ENCODING = "png"  # of an LMDB that does not tell

_REBUILD = "build it again with `python tools/prepare_data.py ... --overwrite`"


@TASK_UTILS.register_module()
class LMDBStore:
    """The images of one LMDB: encoded images under their keys, listed in ``meta_info.txt``.

    An LMDB of encoding ``raw`` holds uncompressed rows, and :meth:`read` returns a view straight into the
    mapped file: cropped before anything else is done with it, only the crop's own rows are read from
    disk. The map lives as long as any array that was read from it.

    Pickling leaves the open LMDB behind, so that a store works in DataLoader workers, forked or spawned.

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
        self.encoding = self.info.get("encoding", BASICSR_ENCODING)
        if self.encoding not in ENCODINGS:
            raise InputError(
                f"{path} is encoded as {self.encoding!r}, not as one of {', '.join(ENCODINGS)}; {_REBUILD}."
            )
        self._environment: lmdb.Environment | None = None
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
        size = self.size(key)
        transaction = self._open().begin(buffers=True)
        value = transaction.get(key.encode())
        if value is None:
            raise InputError(
                f"{self.location} lists {key!r} in its {META_INFO} but does not hold it; {_REBUILD}."
            )
        content = np.asarray(_MappedValue(value, transaction))
        return ENCODINGS[self.encoding].decode(content, size, f"{key!r} in {self.location}")

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_environment": None}

    def _open(self) -> lmdb.Environment:
        if self._environment is None:
            self._environment = _shared_environment(self._path)
        return self._environment

    def _read_meta_info(self) -> dict[str, ImageSize]:
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
            sizes[match["key"]] = ImageSize(int(match["height"]), int(match["width"]))
        if not sizes:
            raise InputError(f"{self.location} is empty: its {META_INFO} lists no images; {_REBUILD}.")
        return sizes

    def _read_dataset_info(self) -> dict:
        path = self._path / DATASET_INFO
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


class _MappedValue:
    """The bytes of a value in the mapped file, as what NumPy makes an array of without a copy.

    LMDB's values are valid while the transaction that found them lives. The array refers to this object,
    and this object to the transaction and so to the environment: none goes before the array does.
    """

    def __init__(self, value: memoryview, transaction: lmdb.Transaction) -> None:
        self.transaction = transaction
        self.__array_interface__ = np.frombuffer(value, np.uint8).__array_interface__


# {(device, inode): environment}, one for all stores of a file: a process may open an LMDB only once, but
# the training and the validation set may lie in the same one, and MMEngine copies datasets.
#
# A forked process goes on with what it inherits. LMDB forbids that for the sake of its lock file and of
# its table of readers; opened without locks and only to be read, an environment has neither, and is no
# more than a mapped file, which a fork inherits as it does any other. To close it there in order to open
# it anew, as LMDB asks, would take the memory away from arrays that were read before the fork.
_environments: WeakValueDictionary[tuple[int, int], lmdb.Environment] = WeakValueDictionary()


def _shared_environment(path: Path) -> lmdb.Environment:
    try:
        file = os.stat(path / "data.mdb")
    except FileNotFoundError:
        raise InputError(f"{path} has no data.mdb; {_REBUILD}.") from None
    identity = (file.st_dev, file.st_ino)
    environment = _environments.get(identity)
    if environment is None:
        try:
            environment = lmdb.open(str(path), readonly=True, lock=False, readahead=False, meminit=False)
        except lmdb.Error as error:
            raise InputError(f"{path} cannot be opened as an LMDB ({error}); {_REBUILD}.") from error
        _environments[identity] = environment
    return environment
