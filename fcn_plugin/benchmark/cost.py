"""Parameters and multiply-accumulates, which depend on no device."""

from typing import NamedTuple

import torch
from mmengine.analysis import FlopAnalyzer
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

COST_SIZE = (256, 256)
"""Height and width of the image that multiply-accumulates are told for, as papers do."""

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
    macs = count_macs(network, size)
    with torch.inference_mode():
        analyzer = FlopAnalyzer(network, torch.rand(1, 3, *size))
        analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        by_operator = analyzer.by_operator()
    return Cost(
        parameters=count_parameters(network),
        macs=macs,
        macs_mmengine=round(sum(by_operator[name] for name in PRODUCTS)),
    )


def count_parameters(network: nn.Module) -> int:
    """How many numbers training can change."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_macs(network: nn.Module, size: tuple[int, int]) -> int:
    """The multiply-accumulates of `cost_of` by PyTorch's counter alone.

    On the meta device nothing is computed, so counting takes no time whatever the size is. The network is
    left in evaluation mode.
    """
    network.eval()
    image = torch.rand(1, 3, *size, device=next(network.parameters()).device)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(image)
    return counter.get_total_flops() // 2  # one multiply-accumulate is two operations
