"""Averaging over how an image may be turned and mirrored."""

from collections.abc import Callable

import torch
from torch import Tensor


def self_ensemble(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The mean of what ``function``, on (B, C, H, W), says of the eight flips and right-angle rotations."""

    def mean(batch: Tensor) -> Tensor:
        total = 0
        for turns in range(4):
            turned = torch.rot90(batch, turns, (2, 3))
            total = total + torch.rot90(function(turned), -turns, (2, 3))
            total = total + torch.rot90(function(turned.flip(3)).flip(3), -turns, (2, 3))
        return total / 8

    return mean
