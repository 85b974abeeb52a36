import contextlib

import pytest
import torch
from mmengine.runner import autocast

from fcn_plugin.engine.precision import precision_of


@pytest.mark.parametrize(
    ("context", "wanted"),
    [
        (contextlib.nullcontext(), "float32"),
        (autocast(device_type="cpu", enabled=False), "float32"),
        (autocast(device_type="cpu"), "bfloat16 autocast"),
    ],
)
def test_precision_is_what_the_context_makes_it(context, wanted):
    assert precision_of(torch.nn.Conv2d(3, 3, 1), context) == wanted
