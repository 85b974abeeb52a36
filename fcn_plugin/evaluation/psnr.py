"""Peak signal-to-noise ratio."""

import cv2
import torch
from torch import Tensor

from .eight_bits import check_comparable
from .opencv_image import as_opencv


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
    squared_errors = _on_processor if image.device.type == "cpu" else _on_gpu
    mean_squared_error = squared_errors(image, reference) / image.shape[-3:].numel()
    return 10 * torch.log10(255**2 / mean_squared_error)


def _on_processor(image: Tensor, reference: Tensor) -> Tensor:
    pairs = zip(*(images.reshape(-1, *images.shape[-3:]) for images in (image, reference)), strict=True)
    # A sum of squares of integers, which OpenCV hands over as the square of its root.
    sums = [round(cv2.norm(*map(as_opencv, pair), cv2.NORM_L2SQR)) for pair in pairs]
    return torch.tensor(sums, dtype=torch.float64).reshape(image.shape[:-3])


def _on_gpu(image: Tensor, reference: Tensor) -> Tensor:
    squared_error = image.float().sub_(reference).square_()
    return squared_error.sum(dim=(-3, -2, -1), dtype=torch.float64)
