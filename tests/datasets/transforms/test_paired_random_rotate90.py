import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fcn_plugin.datasets.transforms import PairedRandomRotate90


@given(height=st.integers(1, 9), width=st.integers(1, 9))
def test_pair_stays_aligned(pair_of, aligned, height, width):
    results = PairedRandomRotate90()(pair_of(height, width))
    assert aligned(results)
    assert results["img"].shape[:2] in {(height, width), (width, height)}


def test_four_angles_are_equally_likely(pair_of):
    np.random.seed(0)  # noqa: NPY002
    pair = pair_of(3, 3)
    turned = [np.rot90(pair["img"], turns).tolist() for turns in range(4)]
    drawn = [turned.index(PairedRandomRotate90()(dict(pair))["img"].tolist()) for _ in range(1000)]
    assert all(200 < count < 300 for count in np.bincount(drawn, minlength=4))


def test_turn_is_a_view(pair_of):
    pair = pair_of(3, 3)
    assert np.shares_memory(PairedRandomRotate90()(dict(pair))["img"], pair["img"])
