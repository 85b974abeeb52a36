"""Structural similarity, in the two protocols that deblurring papers report under one name.

Both weigh a window of 11 pixels by a Gaussian of σ 1.5 and take L = 255, K1 = 0.01 and K2 = 0.03:

- ``"matlab"``: MATLAB's ``ssim`` takes an RGB image for a volume. Its window spans the channels too, borders
  are replicated in all three directions, and the mean is over every pixel. MPRNet, Restormer, Stripformer,
  NAFNet and FFTformer report this one.
- ``"per-channel"``: each channel by itself, the mean over the pixels whose window lies within the image.
  BasicSR and MMagic report this one; it is about 0.02 lower.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from fcn_plugin.errors import InputError

from .eight_bits import check_comparable

PROTOCOLS = ("matlab", "per-channel")

RADIUS = 5
WINDOW = 2 * RADIUS + 1
SIGMA = 1.5
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2
# So few rows at a time that a processor's cache holds the work on them; three times as fast as all at once.
STRIP_ROWS = 32


def _gaussian() -> list[float]:
    values = [math.exp(-(offset**2) / (2 * SIGMA**2)) for offset in range(-RADIUS, RADIUS + 1)]
    return [value / sum(values) for value in values]


WEIGHTS = _gaussian()


def ssim(image: Tensor, reference: Tensor, protocol: str = "matlab") -> Tensor:
    """Mean SSIM under one of the ``PROTOCOLS``.

    Args:
        image: uint8, (..., channels, height, width).
        reference: Likewise, of the same shape.
        protocol: ``"matlab"`` or ``"per-channel"``, as this module describes them.

    Returns:
        Float64, (...): one value per image, at most 1.

    Raises:
        InputError: If the protocol is per-channel and a side is shorter than the window.
        ValueError: If the images are not uint8 or differ in shape, or there is no such protocol.
    """
    return ssim_by_protocol(image, reference, (protocol,))[protocol]


def ssim_by_protocol(
    image: Tensor, reference: Tensor, protocols: Sequence[str] = PROTOCOLS
) -> dict[str, Tensor]:
    """What ``ssim`` gives for each of ``protocols``; for both in little more than the time for one."""
    check_comparable(image, reference)
    check_protocols(protocols)
    channels, height, width = image.shape[-3:]
    if "per-channel" in protocols and min(height, width) < WINDOW:
        raise InputError(
            f"Per-channel SSIM needs images of at least {WINDOW}x{WINDOW} pixels, not {width}x{height}; "
            "the matlab protocol takes any size."
        )
    image, reference = _replicate_borders(image), _replicate_borders(reference)
    totals = {protocol: image.new_zeros(image.shape[:-3], dtype=torch.float64) for protocol in protocols}
    for top in range(0, height, STRIP_ROWS):
        strip = slice(top, top + STRIP_ROWS + 2 * RADIUS)
        moments = _local_moments(image[..., strip, :], reference[..., strip, :])
        for protocol, total in totals.items():
            if protocol == "matlab":
                ssim_map = _ssim_map(_smooth_channels(moments))
            else:
                inside = slice(max(RADIUS - top, 0), max(height - RADIUS - top, 0))
                ssim_map = _ssim_map(moments[..., inside, RADIUS:-RADIUS])
            total += ssim_map.sum(dim=(-3, -2, -1), dtype=torch.float64)
    pixels = {"matlab": height * width, "per-channel": (height - 2 * RADIUS) * (width - 2 * RADIUS)}
    return {protocol: total / (channels * pixels[protocol]) for protocol, total in totals.items()}


def check_protocols(protocols: Sequence[str]) -> None:
    """Raises a ValueError that names the ``PROTOCOLS`` if one of ``protocols`` is none of them."""
    for protocol in protocols:
        if protocol not in PROTOCOLS:
            raise ValueError(f"There is no SSIM protocol {protocol!r}; choose {' or '.join(PROTOCOLS)}.")


def _replicate_borders(image: Tensor) -> Tensor:
    # torch's replicate padding does not take uint8.
    for dim in (-2, -1):
        first, last = image.narrow(dim, 0, 1), image.narrow(dim, -1, 1)
        image = torch.cat([*[first] * RADIUS, image, *[last] * RADIUS], dim)
    return image


def _local_moments(image: Tensor, reference: Tensor) -> Tensor:
    """Windowed means of sum, difference and their squares: (4, ..., channels, height - 10, width - 10).

    Sum and difference carry what SSIM asks of the two images in four filtered planes in place of five. With
    the sum shifted to be centred on zero, float32 is exact up to the filtering.
    """
    image, reference = image.float(), reference.float()
    planes = image.new_empty(4, *image.shape)
    torch.add(image, reference, out=planes[0]).sub_(255)
    torch.sub(image, reference, out=planes[1])
    torch.square(planes[:2], out=planes[2:])
    return _smooth(_smooth(planes, -2), -1)


def _smooth(planes: Tensor, dim: int) -> Tensor:
    # Sums of shifted planes, unlike a convolution, have the same precision whatever the settings for TF32 and
    # autocast are, and are faster for one channel.
    size = planes.shape[dim] - 2 * RADIUS
    smooth = planes.narrow(dim, 0, size) * WEIGHTS[0]
    for offset, weight in enumerate(WEIGHTS[1:], start=1):
        smooth.add_(planes.narrow(dim, offset, size), alpha=weight)
    return smooth


def _smooth_channels(moments: Tensor) -> Tensor:
    smooth = torch.zeros_like(moments)
    for to_channel, weights in enumerate(_channel_weights(moments.shape[-3])):
        for from_channel, weight in enumerate(weights):
            smooth.select(-3, to_channel).add_(moments.select(-3, from_channel), alpha=weight)
    return smooth


def _channel_weights(channels: int) -> list[list[float]]:
    # Replicated borders gather the weights of all that lies outside on the first and the last channel.
    weights = [[0.0] * channels for _ in range(channels)]
    for centre in range(channels):
        for offset, weight in enumerate(WEIGHTS, start=-RADIUS):
            weights[centre][min(max(centre + offset, 0), channels - 1)] += weight
    return weights


def _ssim_map(moments: Tensor) -> Tensor:
    # With s = x + y and d = x - y, both factors of SSIM are 1 minus what tells the images apart:
    #   (2 μx μy + C1) / (μx² + μy² + C1) = 1 - μd² / ((μs² + μd²) / 2 + C1)
    #   (2 σxy + C2) / (σx² + σy² + C2)   = 1 - σd² / ((σs² + σd²) / 2 + C2)
    # so that rounding errors hardly matter where the images are alike. Written in place: fresh memory for
    # each step would cost more than the arithmetic.
    means, variances = moments[:2], moments[2:] - moments[:2].square()
    mean_difference_squared = means[1].square()
    mean_square = (means[0] + 255).square_().add_(mean_difference_squared).div_(2)
    luminance = mean_difference_squared.div_(mean_square.add_(C1)).neg_().add_(1)
    variance = (variances[0] + variances[1]).div_(2)
    structure = variances[1].div_(variance.add_(C2)).neg_().add_(1)
    return luminance.mul_(structure)
