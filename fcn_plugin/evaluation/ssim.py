"""Structural similarity, in the two protocols that deblurring papers report under one name.

Both weigh a window of 11 pixels by a Gaussian of σ 1.5 and take L = 255, K1 = 0.01 and K2 = 0.03:

- ``"matlab"``: MATLAB's ``ssim`` takes an RGB image for a volume. Its window spans the channels too, borders
  are replicated in all three directions, and the mean is over every pixel. MPRNet, Restormer, Stripformer,
  NAFNet and FFTformer report this one.
- ``"per-channel"``: each channel by itself, the mean over the pixels whose window lies within the image.
  BasicSR and MMagic report this one; it is about 0.02 lower.
"""

from collections.abc import Sequence

from torch import Tensor

from fcn_plugin.errors import InputError

from . import ssim_opencv, ssim_torch
from .eight_bits import check_comparable
from .ssim_formula import RADIUS, WINDOW

PROTOCOLS = ("matlab", "per-channel")


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
    ssim_sums = ssim_opencv.ssim_sums if image.device.type == "cpu" else ssim_torch.ssim_sums
    # Both work on (N, channels, height, width).
    sums = ssim_sums(
        *(images.reshape(-1, channels, height, width) for images in (image, reference)), protocols
    )
    counted = {"matlab": height * width, "per-channel": (height - 2 * RADIUS) * (width - 2 * RADIUS)}
    return {
        protocol: sums[protocol].reshape(image.shape[:-3]) / (channels * counted[protocol])
        for protocol in protocols
    }


def check_protocols(protocols: Sequence[str]) -> None:
    """Raises a ValueError that names the ``PROTOCOLS`` if one of ``protocols`` is none of them."""
    for protocol in protocols:
        if protocol not in PROTOCOLS:
            raise ValueError(f"There is no SSIM protocol {protocol!r}; choose {' or '.join(PROTOCOLS)}.")
