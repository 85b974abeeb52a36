import sys

import numpy as np
import pytest

from fcn_plugin.engine.peak_memory import peak_memory_bytes, peak_resident_bytes


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much a process held at most")
def test_it_stays_when_memory_is_given_back():
    before = peak_resident_bytes()
    held = np.ones(before, np.uint8)
    size = held.nbytes
    del held
    assert peak_resident_bytes() >= size
    assert peak_memory_bytes() > 0
