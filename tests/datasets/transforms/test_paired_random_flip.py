import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcn_plugin.datasets.transforms import PairedRandomFlip


@given(height=st.integers(1, 9), width=st.integers(1, 9))
def test_pair_stays_aligned(pair_of, aligned, height, width):
    results = PairedRandomFlip()(pair_of(height, width))
    assert aligned(results)
    assert results["img"].shape == (height, width, 3)


@pytest.mark.parametrize("horizontal", [0, 1])
@pytest.mark.parametrize("vertical", [0, 1])
def test_directions(pair_of, horizontal, vertical):
    pair = pair_of(4, 6)
    expected = pair["gt"][:: -1 if vertical else 1, :: -1 if horizontal else 1]
    flipped = PairedRandomFlip(horizontal, vertical)(dict(pair))["gt"]
    np.testing.assert_array_equal(flipped, expected)
    assert np.shares_memory(flipped, pair["gt"])


def test_directions_are_drawn_independently(pair_of):
    np.random.seed(0)  # noqa: NPY002
    flip = PairedRandomFlip(horizontal=0.25, vertical=0.5)
    corners = [tuple(flip(pair_of(2, 2))["img"][0, 0, :2].tolist()) for _ in range(2000)]
    assert np.mean([column for _, column in corners]) == pytest.approx(0.25, abs=0.05)
    assert np.mean([row for row, _ in corners]) == pytest.approx(0.5, abs=0.05)
    assert np.mean([row and column for row, column in corners]) == pytest.approx(0.125, abs=0.05)
