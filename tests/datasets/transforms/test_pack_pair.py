import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from fcn_plugin.datasets.transforms import PackPair

sizes = st.integers(1, 9)
directions = st.sampled_from([1, -1])


@given(sizes, sizes, st.integers(0, 3), directions, directions, st.booleans())
def test_tensors_are_the_images_turned_and_mirrored(pair_of, height, width, turns, rows, columns, cropped):
    pair = pair_of(height + 2, width + 2)
    for name in ("img", "gt"):
        image = pair[name][1:-1, 1:-1] if cropped else pair[name]
        pair[name] = np.rot90(image[::rows, ::columns], turns)
    packed = PackPair()(dict(pair))
    assert set(packed) == {"inputs", "data_samples"}
    for tensor, image in ((packed["inputs"], pair["img"]), (packed["data_samples"].gt_img, pair["gt"])):
        assert tensor.dtype == torch.uint8
        assert tensor.shape == (3, *image.shape[:2])
        assert tensor.permute(1, 2, 0).is_contiguous()
        np.testing.assert_array_equal(tensor.permute(1, 2, 0).numpy(), image)


def test_tensors_are_copies(pair_of):
    """Even of a single pixel, which is contiguous whichever way its axes are turned."""
    for pair in (pair_of(4, 6), pair_of(1, 1)):
        packed = PackPair()(dict(pair))
        packed["inputs"].fill_(99)
        packed["data_samples"].gt_img.fill_(99)
        assert (pair["img"][..., 2] == 0).all()
        assert (pair["gt"][..., 2] == 1).all()


def test_metainfo(pair_of):
    pair = pair_of(4, 6)
    sample = PackPair()(dict(pair))["data_samples"]
    assert sample.metainfo == {"key": "a", "dataset": "Mine", "ori_shape": (4, 6)}
    assert PackPair()({**pair, "blur": "gamma"})["data_samples"].blur == "gamma"
