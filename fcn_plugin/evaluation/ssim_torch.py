"""SSIM on a GPU: whole batches at once."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from .ssim_formula import RADIUS, WEIGHTS, channel_weights, ssim_map


def ssim_sums(images: Tensor, references: Tensor, protocols: Sequence[str]) -> dict[str, Tensor]:
    """The sum over all that each protocol counts of every image, float64 (N,).

    Images and references are uint8, (N, channels, height, width), on one device.
    """
    moments = _local_moments(images, references)
    sums = {}
    if "matlab" in protocols:
        sums["matlab"] = _sum(ssim_map(_smooth_channels(moments)))
    if "per-channel" in protocols:
        sums["per-channel"] = _sum(ssim_map(moments[..., RADIUS:-RADIUS, RADIUS:-RADIUS]))
    return sums


def _local_moments(images: Tensor, references: Tensor) -> Tensor:
    """What `ssim_map` takes, (4, N, channels, height, width); borders are replicated."""
    images, references = (
        functional.pad(batch.float(), [RADIUS] * 4, mode="replicate") for batch in (images, references)
    )
    planes = torch.stack([images + references - 255, images - references])
    return _smooth(_smooth(torch.cat([planes, planes.square()]), -2), -1)


def _smooth(planes: Tensor, dim: int) -> Tensor:
    # Sums of shifted planes, unlike a convolution, have the same precision whatever the settings for TF32 and
    # autocast are.
    size = planes.shape[dim] - 2 * RADIUS
    smooth = planes.narrow(dim, 0, size) * WEIGHTS[0]
    for offset, weight in enumerate(WEIGHTS[1:], start=1):
        smooth.add_(planes.narrow(dim, offset, size), alpha=weight)
    return smooth


def _smooth_channels(moments: Tensor) -> Tensor:
    smooth = torch.zeros_like(moments)
    for to_channel, weights in enumerate(channel_weights(moments.shape[-3])):
        for from_channel, weight in enumerate(weights):
            smooth.select(-3, to_channel).add_(moments.select(-3, from_channel), alpha=weight)
    return smooth


def _sum(values: Tensor) -> Tensor:
    return values.sum(dim=(-3, -2, -1), dtype=torch.float64)
