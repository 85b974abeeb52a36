"""Peak signal-to-noise ratio."""

import torch
from torch import Tensor

from .eight_bits import check_comparable


def psnr(image: Tensor, reference: Tensor) -> Tensor:
    """PSNR in dB, from one mean squared error over an image's channels and pixels.

    Args:
        image: uint8, (..., channels, height, width).
        reference: Likewise, of the same shape.

    Returns:
        Float64, (...): one value per image, infinite where both are identical.

    Raises:
        ValueError: If the images are not uint8 or differ in shape.
    """
    check_comparable(image, reference)
    squared_error = image.float().sub_(reference).square_()
    mean_squared_error = squared_error.mean(dim=(-3, -2, -1), dtype=torch.float64)
    return 10 * torch.log10(255**2 / mean_squared_error)
