"""The images that scores are computed of: 8 bits, as a published image file holds them."""

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
    extremes = torch.stack(torch.aminmax(image))  # NaN if there is one
    if not torch.isfinite(extremes).all():
        raise InputError(
            f"{name} has values that are NaN or infinite; such an image cannot be scored or saved; "
            "check the checkpoint, and the precision if it is lower than float32."
        )
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
