import sys

import numpy as np
import pytest

from fcn_plugin.benchmark.measure import Shape, measure
from fcn_plugin.benchmark.way import Machine, Way
from fcn_plugin.errors import InputError


def measure_in_turns(ways, report):
    machine = Machine("cpu", {"model.network.width": 4, "model.network.pyramid_widths": [4, 6, 8]})
    shape = Shape(1, (16, 16))
    return measure(ways, machine, shape, shape, "cpu", rounds=1, seconds=0.01, threads=1, report=report)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much a process held at most")
def test_memory_is_that_of_the_way_and_not_of_this_process():
    held = np.ones(1 << 30, np.uint8)
    (row,) = measure_in_turns([Way("configs/fcn_gopro.py", "inference")], print)
    assert 0 < row["peak_memory_bytes"] < held.nbytes


def test_what_cannot_be_trained_is_refused_before_anything_is_measured():
    ways = [Way("configs/fcn_gopro.py", "inference"), Way("configs/fcn_gopro.py", "training", "bfloat16")]
    reported = []
    with pytest.raises(InputError, match="weights cannot be trained: choose amp-bfloat16"):
        measure_in_turns(ways, reported.append)
    assert not reported
