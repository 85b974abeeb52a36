"""The files of an LMDB of images, as BasicSR names them, and ours beside them."""

import re
from typing import NamedTuple

DATA = "data.mdb"  # LMDB's own
# BasicSR's list of images, one line each: `KEY.png (720,1280,3) 1`. The key may hold `/` and dots.
META_INFO = "meta_info.txt"
META_LINE = re.compile(r"(?P<key>.+)\.\w+ \((?P<height>\d+),(?P<width>\d+),\d+\) \d+")
# Beside it in LMDBs of ours, where BasicSR does not look.
DATASET_INFO = "dataset_info.json"
CHECKSUMS = "checksums.txt"

BASICSR_ENCODING = "png"  # of an LMDB that does not tell

REBUILD = "build it again with `python tools/prepare_data.py ... --overwrite`"


class ImageSize(NamedTuple):
    """Height and width in pixels."""

    height: int
    width: int
