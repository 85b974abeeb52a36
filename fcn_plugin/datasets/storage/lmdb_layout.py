"""The files of an LMDB of images, as BasicSR names them, and ours beside them."""

import re
from pathlib import Path
from typing import NamedTuple

from fcn_plugin.errors import InputError

DATA = "data.mdb"  # LMDB's own
# BasicSR's list of images, one line each: `KEY.png (720,1280,3) 1`. The key may hold `/` and dots.
META_INFO = "meta_info.txt"
META_LINE = re.compile(r"(?P<key>.+)\.\w+ \((?P<height>\d+),(?P<width>\d+),\d+\) \d+")
# Beside it in LMDBs of ours, where BasicSR does not look.
DATASET_INFO = "dataset_info.json"
CHECKSUMS = "checksums.txt"  # lines of `CRC32 KEY`

BASICSR_ENCODING = "png"  # of an LMDB that does not tell

REBUILD = "build it again with `python tools/prepare_data.py ... --overwrite`"


class ImageSize(NamedTuple):
    """Height and width in pixels."""

    height: int
    width: int


def read_meta_info(path: Path) -> dict[str, ImageSize]:
    """The images that an LMDB lists.

    Raises:
        InputError: There is no list, it is empty or has another form.
    """
    if not path.is_dir():
        raise InputError(f"{path} does not exist; check the path.")
    try:
        lines = (path / META_INFO).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise InputError(f"{path} has no {META_INFO}, which lists its images; {REBUILD}.") from None
    sizes = {}
    for number, line in enumerate(lines, start=1):
        match = META_LINE.fullmatch(line.strip())
        if match is None:
            raise InputError(
                f"Line {number} of {path / META_INFO} should read `KEY.png (height,width,3) 1`, "
                f"not {line!r}; {REBUILD}."
            )
        sizes[match["key"]] = ImageSize(int(match["height"]), int(match["width"]))
    if not sizes:
        raise InputError(f"{path} is empty: its {META_INFO} lists no images; {REBUILD}.")
    return sizes


def meta_line(key: str, size: ImageSize, encoding: str, compression: int) -> str:
    """A line of the list for an image of three channels."""
    return f"{key}.{encoding} ({size.height},{size.width},3) {compression}\n"


def read_checksums(path: Path) -> dict[str, int]:
    """The CRC32 of each image's bytes.

    Raises:
        InputError: There are none, as in an LMDB that another program made, or they have another form.
    """
    try:
        lines = (path / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise InputError(
            f"{path} has no {CHECKSUMS} to compare with, which only tools/prepare_data.py writes; check the "
            "path, or build it with that tool."
        ) from None
    checksums = {}
    for number, line in enumerate(lines, start=1):
        checksum, _, key = line.partition(" ")
        if re.fullmatch("[0-9a-f]{8}", checksum) is None or not key:
            raise InputError(
                f"Line {number} of {path / CHECKSUMS} should read `CRC32 KEY`, not {line!r}; {REBUILD}."
            )
        checksums[key] = int(checksum, 16)
    return checksums


def checksum_line(key: str, checksum: int) -> str:
    """A line of the list of checksums."""
    return f"{checksum:08x} {key}\n"
