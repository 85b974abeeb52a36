import numpy as np
import torch

from fcn_plugin.datasets.transforms import PackPair, PairedRandomFlip


def test_tensors_are_channels_first_and_contiguous(pair_of):
    pair = PairedRandomFlip(horizontal=1, vertical=0)(pair_of(4, 6))
    packed = PackPair()(dict(pair))
    assert set(packed) == {"inputs", "data_samples"}
    for tensor, image in ((packed["inputs"], pair["img"]), (packed["data_samples"].gt_img, pair["gt"])):
        assert tensor.dtype == torch.uint8
        assert tensor.shape == (3, 4, 6)
        assert tensor.is_contiguous()
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
