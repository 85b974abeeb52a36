import pytest
from torch import nn

from fcn_plugin.benchmark.cost import cost_of
from fcn_plugin.models import FCN


def test_a_convolution_and_a_matrix_product_are_counted_as_by_hand():
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 1))
    macs = 10 * 12 * (3 * 8 * 9 + 8 * 3)
    assert cost_of(network, (10, 12)) == (3 * 8 * 9 + 8 + 8 * 3 + 3, macs, macs)


def test_both_counters_agree_on_fcn():
    cost = cost_of(FCN(width=8, pyramid_widths=(8, 12, 16)), (32, 32))
    # The first stage's prediction, which nothing needs in evaluation, is not in MMEngine's graph.
    assert cost.macs - cost.macs_mmengine == 32 * 32 * 8 * 3 * 9
    assert cost.macs == pytest.approx(cost.macs_mmengine, rel=0.01)
