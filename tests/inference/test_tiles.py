"""Tiles: what they cover, and that nobody sees them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage import data

from fcn_plugin import Deblurrer
from fcn_plugin.inference.options import CONTEXT, FEATHER, LARGEST_TILE_STEP, SMALLEST_TILE
from fcn_plugin.inference.tiles import spans

from .conftest import random_fcn


@given(st.integers(1, 5000), st.integers(SMALLEST_TILE, 3000), st.integers(1, LARGEST_TILE_STEP))
def test_spans_cover_every_pixel_once(length, size, step):
    found = spans(length, size, CONTEXT, FEATHER, step)
    total = np.zeros(length)
    for start, stop, weights in found:
        assert 0 <= start < stop <= length
        assert stop - start <= size
        assert start % step == 0
        total[start:stop] += weights
        if start > 0:
            assert not weights[:CONTEXT].any()
        if stop < length:
            assert not weights[-CONTEXT:].any()
    np.testing.assert_allclose(total, 1, atol=1e-6)
    assert (len(found) == 1) == (length <= size)


def gradient() -> np.ndarray:
    """A smooth image, in which every seam would show."""
    y, x = np.mgrid[0:1:340j, 0:1:480j]
    return np.stack([x, y, (x + y) / 2], axis=-1).astype(np.float32)


def photograph() -> np.ndarray:
    return data.astronaut()[:340, :480].astype(np.float32) / 255


# The second is coarse enough to show tiles that begin elsewhere than at multiples of its step.
@pytest.mark.parametrize("network", [random_fcn(), random_fcn(unshuffle=4)], ids=["fine", "coarse"])
@pytest.mark.parametrize("image", [gradient(), photograph()], ids=["gradient", "photograph"])
def test_tiles_give_what_the_whole_image_gives(weights, image):
    whole = Deblurrer(weights, device="cpu", mode="local").restore(image)
    tiled = Deblurrer(weights, device="cpu", mode="local", tile=SMALLEST_TILE).restore(image)
    assert np.abs(whole - image).max() > 4 / 255
    assert np.abs(tiled - whole).max() < 1 / 255


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
    ],
    ids=["GPU", "CPU"],
)
def test_running_out_of_memory_halves_the_tiles(weights, monkeypatch, error):
    sizes = []

    def limited(blurry: torch.Tensor) -> torch.Tensor:
        sizes.append(tuple(blurry.shape[-2:]))
        if blurry[0, 0].numel() > 400 * 400:
            raise error
        return restore(blurry)

    deblur = Deblurrer(weights, device="cpu", mode="local")
    image = photograph()
    whole = deblur.restore(image)
    restore = deblur.network.forward
    monkeypatch.setattr(deblur.network, "forward", limited)
    monkeypatch.setattr(Deblurrer, "_fitting_tile", lambda *_: 2 * SMALLEST_TILE - 100)
    tiled = deblur.restore(image)
    assert len(sizes) > 2
    assert sizes[:2] == [(340, 480), (340, 480)]
    assert max(sizes[2:]) <= (SMALLEST_TILE, SMALLEST_TILE)
    assert np.abs(tiled - whole).max() < 1 / 255


def test_other_errors_of_the_network_go_through(weights, monkeypatch):
    def broken(blurry):
        raise RuntimeError("shapes cannot be multiplied")

    deblur = Deblurrer(weights, device="cpu")
    monkeypatch.setattr(deblur.network, "forward", broken)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        deblur.restore(photograph())
