"""What reading pairs cannot be faster than: each part of the work alone."""

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from fcn_plugin.datasets import collate_pairs
from fcn_plugin.datasets.transforms import PairedRandomCrop
from fcn_plugin.models import PairDataPreprocessor

from .measure import cycle
from .readers import SIDES, PairFolder, open_reader, read_file_in_lmdb, train_transforms

BOUNDS = {
    "decode": "decoding a pair's two PNG files, from memory",
    "copy crops": "copying a pair of crops out of the page cache, row by row",
    "copy whole": "copying a pair of whole images out of the page cache",
    "copy memory": "copying as many bytes as a pair of crops has, in one piece, out of a long array",
    "python": "reader (d) with crops of one pixel: Python, MMEngine, finding the image",
    "convert": "turning one pair of a batch of crops into floats on the CPU, with PairDataPreprocessor",
}
VIEWS = 256  # pairs of crops: together more than a processor's cache holds


def bounds(folders: Sequence[PairFolder], crop: int, batch: int) -> dict[str, Callable[[int], Any]]:
    """A candidate for `measure.rates` for each of `BOUNDS`; `convert` does a whole batch at a call."""
    whole, files = [], []
    for folder in folders:
        stores = folder.stores("d")
        for key in folder.pair_keys():
            whole.append([store.read(key) for store in stores])
            contents = [read_file_in_lmdb(folder.lmdb("b", side), key) for side in SIDES]
            files.append([np.frombuffer(content, np.uint8) for content in contents])
    crop_both = PairedRandomCrop(crop)
    crops = []
    for index in range(VIEWS):
        img, gt = whole[index % len(whole)]
        pair = crop_both({"img": img, "gt": gt, "key": str(index)})
        crops.append([pair["img"], pair["gt"]])
    pieces = np.zeros((VIEWS, 1, 2 * crop * crop * 3), np.uint8)
    samples = open_reader("d", folders, train_transforms(crop))
    stacked = collate_pairs([samples[index % len(samples)] for index in range(batch)])
    preprocessor = PairDataPreprocessor()
    return {
        "decode": lambda index: [cv2.imdecode(file, cv2.IMREAD_COLOR) for file in files[index % len(files)]],
        "copy crops": _copier(crops),
        "copy whole": _copier(whole),
        "copy memory": _copier(pieces),
        "python": cycle(open_reader("d", folders, train_transforms(1))),
        "convert": lambda index: preprocessor(stacked),
    }


def _copier(sources: Sequence[Sequence[np.ndarray]]) -> Callable[[int], None]:
    """Copies the arrays of one source after the other into the same memory."""
    targets = [np.empty_like(array, subok=False) for array in sources[0]]

    def copy(index: int) -> None:
        for target, array in zip(targets, sources[index % len(sources)], strict=True):
            np.copyto(target, array)

    return copy
