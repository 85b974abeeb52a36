"""Pairs whose pixels say where they come from."""

import numpy as np
import pytest


def coordinate_pair(height, width):
    """Pixel (row, column) of both images is (row, column, which image it is)."""
    rows, columns = np.indices((height, width), np.uint8)
    images = [np.dstack([rows, columns, np.full_like(rows, image)]) for image in range(2)]
    for image in images:
        image.flags.writeable = False  # as a store's are
    return {"img": images[0], "gt": images[1], "key": "a", "dataset": "Mine", "ori_shape": (height, width)}


def is_aligned(results):
    """Whether both images show the same pixels, each its own."""
    img, gt = results["img"], results["gt"]
    return np.array_equal(img[..., :2], gt[..., :2]) and (img[..., 2] == 0).all() and (gt[..., 2] == 1).all()


@pytest.fixture(scope="session")
def pair_of():
    return coordinate_pair


@pytest.fixture(scope="session")
def aligned():
    return is_aligned
