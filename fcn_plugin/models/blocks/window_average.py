"""Averages over all of an image, or over windows of it."""

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
        blocks = F.avg_pool2d(features, STEP, ceil_mode=True)
        rows, columns = (
            min(max(round(side / STEP), 1), size)
            for side, size in zip(self.window, blocks.shape[-2:], strict=True)
        )
        means = F.avg_pool2d(blocks, (rows, columns), stride=1)
        return F.pad(means, ((columns - 1) // 2, columns // 2, (rows - 1) // 2, rows // 2), mode="replicate")

    def spread(self, values: Tensor, size: tuple[int, int]) -> Tensor:
        """Brings what was made of the averages, one value per place, to the features' ``size`` (H, W).

        Of the average over the whole image it remains (N, C, 1, 1), which broadcasts.
        """
        if self.window is None:
            return values
        return F.interpolate(values, scale_factor=STEP, mode="bilinear")[..., : size[0], : size[1]]
