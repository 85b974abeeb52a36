"""The images that scores are computed of: 8 bits, as a published image file holds them."""

import numpy as np
import torch
from torch import Tensor

from fcn_plugin.errors import InputError


def round_to_8_bits(image: Tensor, name: str = "The image") -> Tensor:
    """Rounds values in [0, 1] to uint8, 0 to 255; what lies outside is clamped.

    Args:
        image: Floating point, any shape.
        name: What messages call the image.

    Raises:
        InputError: If a value is NaN or infinite.
    """
    rounded = (_on_processor if image.device.type == "cpu" else _on_gpu)(image.detach())
    if rounded is None:
        raise InputError(
            f"{name} has values that are NaN or infinite; such an image cannot be scored or saved; "
            "check the checkpoint, and the precision if it is lower than float32."
        )
    return rounded


def _on_processor(image: Tensor) -> Tensor | None:
    # NumPy's, for torch would share each step out among threads, which costs more than it gains.
    values = image.float().numpy()
    if not np.isfinite([values.min(), values.max()]).all():  # NaN if there is one
        return None
    scaled = np.rint(values * np.float32(255))
    return torch.from_numpy(np.clip(scaled, 0, 255, out=scaled).astype(np.uint8))


def _on_gpu(image: Tensor) -> Tensor | None:
    if not torch.isfinite(torch.stack(torch.aminmax(image))).all():
        return None
    return image.float().mul(255).round_().clamp_(0, 255).to(torch.uint8)


def check_comparable(image: Tensor, reference: Tensor) -> None:
    """Makes sure that two images, or two batches of them, can be compared value by value.

    Raises:
        ValueError: If one is not uint8, their shapes differ, or they are not (..., channels, height, width).
    """
    if image.dtype != torch.uint8 or reference.dtype != torch.uint8:
        raise ValueError(
            f"Images are compared as uint8, not {image.dtype} and {reference.dtype}; see round_to_8_bits."
        )
    if image.shape != reference.shape or image.ndim < 3:
        raise ValueError(
            "Images to compare have one shape (..., channels, height, width), "
            f"not {tuple(image.shape)} and {tuple(reference.shape)}."
        )
