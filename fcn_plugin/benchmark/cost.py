"""Parameters and multiply-accumulates, which depend on no device."""

from typing import NamedTuple

import torch
from mmengine.analysis import FlopAnalyzer
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

# What both counters count. MMEngine's also counts the elementwise work of normalisations and resizing, which
# no published figure of these networks includes.
PRODUCTS = ("conv", "linear", "matmul", "addmm", "bmm", "einsum")


class Cost(NamedTuple):
    """A network's parameters, and its multiply-accumulates for one image as two counters see them."""

    parameters: int
    macs: int
    macs_mmengine: int


def cost_of(network: nn.Module, size: tuple[int, int]) -> Cost:
    """Counts what a network on the CPU does in evaluation mode to one RGB image of ``size`` (height, width).

    Multiply-accumulates are those of convolutions and matrix products. PyTorch's counter watches the
    operations that run, MMEngine's reads the graph that tracing them gives, which takes one forward pass
    (tracing does not work on the meta device).
    """
    network = network.eval()
    image = torch.rand(1, 3, *size)
    with torch.inference_mode():
        with FlopCounterMode(display=False) as counter:
            network(image)
        analyzer = FlopAnalyzer(network, image)
        analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        by_operator = analyzer.by_operator()
    return Cost(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        macs=counter.get_total_flops() // 2,  # one multiply-accumulate is two operations
        macs_mmengine=round(sum(by_operator[name] for name in PRODUCTS)),
    )
