"""Averages over all of an image, or over windows of it."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STEP = 8
"""Pixels from one window to the next. Averages over tens of pixels hardly change from one to the next."""


class WindowAverage(nn.Module):
    """The average over an image (global average pooling), or, with a ``window``, around each pixel.

    At the border the window stays inside the image, as in test-time local conversion (Chu et al., "Improving
    Image Restoration by Revisiting Global Information Aggregation", ECCV 2022). Averages are taken at every
    eighth pixel of every eighth row; between those `spread` interpolates.

    Attributes:
        window: height and width in pixels, to within half of `STEP`; ``None`` for the whole image. A window
            larger than the image is the whole image.

    Shapes: (N, C, H, W) to (N, C, 1, 1), or with a window to (N, C, ⌈H/8⌉, ⌈W/8⌉).
    """

    def __init__(self) -> None:
        super().__init__()
        self.window: tuple[int, int] | None = None

    def forward(self, features: Tensor) -> Tensor:
        if self.window is None:
            return F.adaptive_avg_pool2d(features, 1)
        means = F.avg_pool2d(features, STEP, ceil_mode=True).float()  # sums of bfloat16 would be too rough
        for axis, side in zip((-2, -1), self.window, strict=True):
            means = _sliding_mean(means, axis, max(round(side / STEP), 1))
        return means.to(features.dtype)

    def spread(self, values: Tensor, size: tuple[int, int]) -> Tensor:
        """Brings what was made of the averages, one value per place, to the features' ``size`` (H, W).

        Of the average over the whole image it remains (N, C, 1, 1), which broadcasts.
        """
        if self.window is None:
            return values
        return F.interpolate(values, scale_factor=STEP, mode="bilinear")[..., : size[0], : size[1]]


def _sliding_mean(values: Tensor, axis: int, length: int) -> Tensor:
    """The mean over the ``length`` values around each place along ``axis``, over all where there are fewer.

    It is the difference of two sums, so that nothing is decided by the size: what is exported holds for all.
    """
    size = values.shape[axis]
    length = torch.sym_min(length, size)
    sums = torch.cat([torch.zeros_like(values.narrow(axis, 0, 1)), values.cumsum(axis)], axis)
    start = (torch.arange(size, device=values.device) - (length - 1) // 2).clamp(0, size - length)
    return (sums.index_select(axis, start + length) - sums.index_select(axis, start)) / length
