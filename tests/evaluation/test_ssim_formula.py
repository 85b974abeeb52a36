import numpy as np
import pytest

from fcn_plugin.evaluation.ssim_formula import WEIGHTS, channel_weights


def test_weights_are_a_gaussian_that_sums_to_one():
    assert sum(WEIGHTS) == pytest.approx(1, abs=1e-15)
    assert WEIGHTS[::-1] == WEIGHTS
    ratios = np.log(np.array(WEIGHTS[5:]) / WEIGHTS[5])
    np.testing.assert_allclose(ratios, -(np.arange(6) ** 2) / (2 * 1.5**2))


@pytest.mark.parametrize("channels", [1, 3, 20])
def test_channels_are_weighed_as_if_borders_were_replicated(channels):
    values = np.random.default_rng(0).normal(size=channels)
    padded = np.pad(values, 5, mode="edge")
    expected = np.convolve(padded, WEIGHTS, mode="valid")
    np.testing.assert_allclose(np.array(channel_weights(channels)) @ values, expected)
