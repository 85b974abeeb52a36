"""Images in LMDBs of BasicSR's layout."""

import json
import os
from pathlib import Path

import numpy as np

from fcn_plugin.datasets.storage.encodings import ENCODINGS
from fcn_plugin.datasets.storage.image_store import unknown_key
from fcn_plugin.datasets.storage.lmdb_layout import (
    BASICSR_ENCODING,
    DATA,
    DATASET_INFO,
    META_INFO,
    REBUILD,
    read_meta_info,
)
from fcn_plugin.datasets.storage.lmdb_map import LMDBMap
from fcn_plugin.datasets.storage.lmdb_values import LMDBValues
from fcn_plugin.errors import InputError
from fcn_plugin.registry import TASK_UTILS


@TASK_UTILS.register_module()
class LMDBStore:
    """The images of one LMDB: encoded images under their keys, listed in ``meta_info.txt``.

    An LMDB of encoding ``raw`` holds uncompressed rows, and :meth:`read` returns a view straight into the
    mapped file: cropped before anything else is done with it, only the crop's own rows are read from
    disk. The map lives as long as any array that was read from it.

    Pickling leaves the open file behind, so that a store works in DataLoader workers, forked or spawned.

    Args:
        path: The folder, ``NAME.lmdb``.

    Raises:
        InputError: The folder is not a whole LMDB of images.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self._path = Path(path)
        self.location = str(path)
        self._sizes = read_meta_info(self._path)
        self.info = self._read_dataset_info()
        self.encoding = self.info.get("encoding", BASICSR_ENCODING)
        if self.encoding not in ENCODINGS:
            raise InputError(
                f"{path} is encoded as {self.encoding!r}, not as one of {', '.join(ENCODINGS)}; {REBUILD}."
            )
        self._values = (LMDBMap if ENCODINGS[self.encoding].in_place else LMDBValues)(self._path)
        if len(self._values) < len(self._sizes):
            raise InputError(
                f"{path} holds {len(self._values)} of the {len(self._sizes)} images its {META_INFO} lists; "
                f"{REBUILD}."
            )
        # LMDB would only notice when it reads beyond the end, and the process would be killed.
        if (self._path / DATA).stat().st_size < self.info.get("total_bytes", 0):
            raise InputError(f"{path} is cut short: {DATA} is smaller than its images; copy it again.")

    def keys(self) -> list[str]:
        return sorted(self._sizes)

    def size(self, key: str) -> tuple[int, int]:
        if key not in self._sizes:
            raise unknown_key(self, key)
        return self._sizes[key]

    def read(self, key: str) -> np.ndarray:
        size = self.size(key)
        with self._values.value(key) as content:
            if content is None:
                raise InputError(
                    f"{self.location} lists {key!r} in its {META_INFO} but does not hold it; {REBUILD}."
                )
            return ENCODINGS[self.encoding].decode(content, size, f"{key!r} in {self.location}")

    def _read_dataset_info(self) -> dict:
        path = self._path / DATASET_INFO
        try:
            return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        except ValueError as error:
            raise InputError(f"{path} is not JSON ({error}); {REBUILD}.") from error
