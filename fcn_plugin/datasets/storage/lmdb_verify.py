"""Whether an LMDB still holds what was written into it."""

import os
import zlib
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import track

from fcn_plugin.datasets.storage.lmdb_layout import read_checksums, read_meta_info
from fcn_plugin.datasets.storage.lmdb_map import LMDBMap
from fcn_plugin.datasets.storage.lmdb_values import LMDBValues


def verify_lmdb(path: str | os.PathLike) -> list[str]:
    """Reads every image of an LMDB again and compares it with its checksum; shows how far it is.

    Returns:
        A line for each image that is broken or missing, none where the LMDB is whole.

    Raises:
        InputError: It has no checksums, for another program made it, or cannot be opened.
    """
    path = Path(path)
    sizes, checksums = read_meta_info(path), read_checksums(path)
    LMDBMap(path)  # refuses a file that is cut short; LMDB would read on beyond its end and be killed
    values = LMDBValues(path)
    broken = []
    keys = list(dict.fromkeys([*sizes, *checksums]))
    for key in track(keys, f"Verifying {escape(path.name)}", console=Console(stderr=True)):
        with values.value(key) as value:
            if value is None:
                broken.append(f"{key!r} in {path} is missing")
            elif key not in checksums:
                broken.append(f"{key!r} in {path} has no checksum")
            elif zlib.crc32(value) != checksums[key]:
                broken.append(f"{key!r} in {path} is not what was written")
    return broken
