"""Exposures of a whole batch at once, on whatever device its images are.

The same as :mod:`fcn_plugin.synthesis.exposure` and :mod:`fcn_plugin.synthesis.sensor` do for one image with
OpenCV; JPEG alone is left to those. Images are RGB, uint8, (images, 3, height, width).
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from fcn_plugin.errors import InputError
from fcn_plugin.synthesis.exposure import Exposure, check_patch_size
from fcn_plugin.synthesis.sensor import Response


class ExposureTensors(Protocol):
    """One exposure as float32 tensors, by these attributes; see `Exposure` and `MovingObject`."""

    matrices: Tensor  # (sub_frames, 3, 3)
    drift: Tensor  # (sub_frames, 2)
    outline: Tensor  # (2, 3)
    softness: Tensor  # ()
    response: Tensor  # (4,): gamma, gain, shot noise, read noise


def exposure_arrays(exposure: Exposure, response: Response) -> dict[str, np.ndarray]:
    """What `ExposureTensors` are made of, by attribute.

    Raises:
        InputError: The response asks for JPEG.
    """
    if response.jpeg_quality is not None:
        raise InputError(
            "JPEG cannot be made on the device: leave Sensor's jpeg_quality out or render in the workers."
        )
    moving, sub_frames = exposure.moving_object, len(exposure.matrices)
    arrays: dict[str, Any] = {
        "matrices": exposure.matrices,
        "drift": np.zeros((sub_frames, 2)) if moving is None else moving.drift,
        "outline": np.zeros((2, 3)) if moving is None else moving.outline,
        "softness": 1.0 if moving is None else moving.softness,
        "response": [response.gamma, response.gain, response.shot_noise, response.read_noise],
    }
    return {name: np.asarray(value, np.float32) for name, value in arrays.items()}


@torch.no_grad()
def synthesize_batch(
    patches: Tensor,
    sharp: Tensor,
    exposures: Sequence[ExposureTensors],
    sub_frames_at_once: int = 32,
) -> tuple[Tensor, Tensor]:
    """The blurry and the sharp images of a batch; nothing in it makes the processor wait for the device.

    Args:
        patches: Each image and its margin, (images, 3, height + 2 margin, width + 2 margin).
        sharp: The images without their margin, (images, 3, height, width).
        exposures: One per image, on the same device.
        sub_frames_at_once: How many sub-frames, of whatever images, are interpolated together; they bound
            the memory needed.

    Returns:
        Both uint8, (images, 3, height, width). Noise comes from torch's generator of the device.

    Raises:
        ValueError: The patches' margins differ from side to side.
    """
    size = tuple(sharp.shape[-2:])
    check_patch_size(patches.shape[-2:], size, (patches.shape[-2] - size[0]) // 2)
    gamma, gain, shot_noise, read_noise = (
        torch.stack([exposure.response for exposure in exposures]).float().T[..., None, None, None]
    )
    with torch.autocast(patches.device.type, enabled=False):
        light = gain * _expose((patches.float() / 255) ** gamma, exposures, size, sub_frames_at_once)
        light = light.clamp_min_(0)
        deviation = (shot_noise**2 * light + read_noise**2).sqrt_()
        light = light.addcmul_(deviation, torch.randn_like(light)).clamp_(0, 1)
        blurry = light.pow_(1 / gamma).mul_(255)
        sharp = (sharp * gain ** (1 / gamma)).clamp_max_(255)
        # In memory height × width × 3, as the pipeline's own images are.
        return tuple(
            image.round_().to(torch.uint8, memory_format=torch.channels_last) for image in (blurry, sharp)
        )


@torch.no_grad()
def average_on_device(frames: Tensor, gamma: Tensor) -> Tensor:
    """`average_in_linear_light` of frames (3 n, height, width), one behind the other, uint8.

    Returns:
        uint8, (3, height, width).
    """
    with torch.autocast(frames.device.type, enabled=False):
        light = (frames.unflatten(0, (-1, 3)).float() / 255) ** gamma
        return (255 * light.mean(0) ** (1 / gamma)).round_().to(torch.uint8)


def _expose(
    light: Tensor, exposures: Sequence[ExposureTensors], size: tuple[int, int], sub_frames_at_once: int
) -> Tensor:
    """Light of patches to the light that falls on the sensor on average, (images, 3, height, width)."""
    device = light.device
    counts = torch.tensor([len(exposure.matrices) for exposure in exposures])  # known to the processor
    image_of = torch.repeat_interleave(torch.arange(len(exposures)), counts).to(device, non_blocking=True)
    share = (1 / counts).to(device, non_blocking=True)
    matrices = torch.cat([exposure.matrices for exposure in exposures])
    drift = torch.cat([exposure.drift for exposure in exposures])[..., None, None]
    coverage = _coverage(exposures, size)
    patch_height, patch_width = light.shape[-2:]

    total = light.new_zeros(len(exposures), 3, *size)
    for start in range(0, len(image_of), sub_frames_at_once):
        chunk = slice(start, start + sub_frames_at_once)
        image = image_of[chunk]
        x, y, scale = _at_pixels(matrices[chunk], size).unbind(1)  # (chunk, height, width) each
        x = x / scale + drift[chunk, 0] * coverage[image]
        y = y / scale + drift[chunk, 1] * coverage[image]
        grid = torch.stack([x * (2 / (patch_width - 1)) - 1, y * (2 / (patch_height - 1)) - 1], dim=-1)
        frames = grid_sample(light[image], grid, "bicubic", "border", align_corners=True)
        total.index_add_(0, image, frames.mul_(share[image, None, None, None]))
    return total


def _coverage(exposures: Sequence[ExposureTensors], size: tuple[int, int]) -> Tensor:
    """`MovingObject.coverage` of each image, (images, height, width); 1 everywhere where nothing moves."""
    outlines = torch.stack([exposure.outline for exposure in exposures])
    softness = torch.stack([exposure.softness for exposure in exposures])[:, None, None]
    radius = _at_pixels(outlines, size).norm(dim=1)
    edge = ((1 - radius) / softness + 0.5).clamp_(0, 1)
    return edge * edge * (3 - 2 * edge)


def _at_pixels(matrices: Tensor, size: tuple[int, int]) -> Tensor:
    """Products of matrices (n, rows, 3) and the pixels (x, y, 1) of an image, (n, rows, height, width)."""
    height, width = size
    x = torch.arange(width, dtype=matrices.dtype, device=matrices.device)
    y = torch.arange(height, dtype=matrices.dtype, device=matrices.device)[:, None]
    # Term by term: a matrix product may run in TF32, whose places are a quarter of a pixel apart.
    along_x, along_y, offset = matrices[..., None, None].unbind(2)
    return along_x * x + along_y * y + offset
