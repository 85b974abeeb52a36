import mmcv
import numpy as np
import pytest

from fcn_plugin.datasets.transforms import PairedRandomFlip, PairedResize


@pytest.mark.parametrize(("size", "expected"), [(16, (16, 16)), ((12, 20), (12, 20))])
def test_size_is_height_and_width(pair_of, size, expected):
    results = PairedResize(size)(pair_of(24, 32))
    assert results["img"].shape == results["gt"].shape == (*expected, 3)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_resizes_as_mmcv(make_image, interpolation):
    images = {"img": make_image(), "gt": make_image()}
    results = PairedResize((10, 12), interpolation)(dict(images))
    for name, image in images.items():
        np.testing.assert_array_equal(
            results[name], mmcv.imresize(image, (12, 10), interpolation=interpolation)
        )


def test_takes_views(pair_of):
    flipped = PairedRandomFlip(horizontal=1, vertical=1)(pair_of(24, 32))
    same_size = PairedResize((24, 32))(dict(flipped))
    np.testing.assert_array_equal(same_size["img"], flipped["img"])
