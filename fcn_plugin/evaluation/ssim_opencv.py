"""SSIM on a processor: OpenCV's filters and NumPy, on one thread.

Torch's would share each step of this work out among threads, which costs more than it gains, and many times
more where other processes want the cores too.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from .opencv_image import as_opencv
from .ssim_formula import RADIUS, WEIGHTS, channel_weights, ssim_map

# So few rows at a time that a processor's cache holds the work on them.
STRIP_ROWS = 32
KERNEL = np.array(WEIGHTS, np.float32)


def ssim_sums(images: Tensor, references: Tensor, protocols: Sequence[str]) -> dict[str, Tensor]:
    """The sum over all that each protocol counts of every image, float64 (N,).

    Images and references are uint8, (N, channels, height, width), on the CPU.
    """
    sums = [_sums(*map(as_opencv, pair), protocols) for pair in zip(images, references, strict=True)]
    return {
        protocol: torch.tensor([one[protocol] for one in sums], dtype=torch.float64) for protocol in protocols
    }


def _sums(image: np.ndarray, reference: np.ndarray, protocols: Sequence[str]) -> dict[str, float]:
    height = len(image)
    sums = dict.fromkeys(protocols, 0.0)
    for top in range(0, height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, height)
        moments = _local_moments(image, reference, top, bottom)
        if "matlab" in sums:
            weights = np.array(channel_weights(image.shape[2] if image.ndim == 3 else 1))
            sums["matlab"] += _sum(ssim_map([cv2.transform(moment, weights) for moment in moments]))
        if "per-channel" in sums:
            inside = slice(max(RADIUS - top, 0), max(height - RADIUS - top, 0))
            sums["per-channel"] += _sum(ssim_map([moment[inside, RADIUS:-RADIUS] for moment in moments]))
    return sums


def _local_moments(image: np.ndarray, reference: np.ndarray, top: int, bottom: int) -> list[np.ndarray]:
    """What `ssim_map` takes, of the rows from ``top`` to ``bottom``; borders are replicated."""
    first = max(top - RADIUS, 0)
    image, reference = image[first : bottom + RADIUS], reference[first : bottom + RADIUS]
    planes = [
        cv2.addWeighted(image, 1, reference, 1, -255, dtype=cv2.CV_32F),
        cv2.subtract(image, reference, dtype=cv2.CV_32F),
    ]
    planes += [plane * plane for plane in planes]
    rows = slice(top - first, bottom - first)
    return [
        cv2.sepFilter2D(plane, -1, KERNEL, KERNEL, borderType=cv2.BORDER_REPLICATE)[rows] for plane in planes
    ]


def _sum(values: np.ndarray) -> float:
    return float(values.sum(dtype=np.float64))
