"""Images that are views into a mapped file, from disk to memory at once."""

import mmap

import numpy as np


def read_ahead(image: np.ndarray) -> np.ndarray:
    """Has the system read what a view into a mapped file spans; other arrays are left alone.

    A map that is read where it is looked at waits for the disk page by page. What a view spans is known
    before that and read in one go, and nothing else is.

    Returns:
        The same array, whose pages may still be on their way.
    """
    root = image
    while isinstance(root.base, np.ndarray):
        root = root.base
    content = root.base.obj if isinstance(root.base, memoryview) else root.base
    if isinstance(content, mmap.mmap) and hasattr(content, "madvise"):  # not on Windows
        reaches = [(count - 1) * stride for count, stride in zip(image.shape, image.strides, strict=True)]
        first = _address(image) - _address(root) + sum(reach for reach in reaches if reach < 0)
        start = first - first % mmap.PAGESIZE
        content.madvise(mmap.MADV_WILLNEED, start, first + sum(map(abs, reaches)) + image.itemsize - start)
    return image


def _address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]
