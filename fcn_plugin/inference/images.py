"""Everything that may be handed to a `Deblurrer`, as one kind of array."""

import os
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from fcn_plugin.errors import InputError

from .image_file import DAMAGED, as_tags_say, orientation_of, read_image, round_to, turn_upright

OVERSHOOT = 1e-3
"""How far floats may lie outside [0, 1], as after resizing; they are clipped."""

PIL_MODES = (
    "1",
    "L",
    "LA",
    "P",
    "PA",
    "RGB",
    "RGBA",
    "RGBX",
    "YCbCr",
    "HSV",
    "I;16",
    "I;16L",
    "I;16B",
    "I;16N",
)
"""Modes of PIL images that say what their values mean. CMYK's inks depend on the printer."""


def as_rgb(image: Any) -> np.ndarray:
    """One image as float32 (H, W, 3), RGB in [0, 1].

    Args:
        image: a file's path; a PIL image; an array (H, W, 3), RGB, or (H, W), grey, in uint8, in uint16 or
            in floating point in [0, 1]; or a tensor (3, H, W) or (1, H, W) of the same types. Alpha is
            dropped. Files and PIL images are turned upright as their EXIF data asks.

    Raises `InputError` for files that cannot be read, values that are NaN or outside [0, 1], and other
    shapes and types.
    """
    if isinstance(image, str | os.PathLike):
        photograph = read_image(image)
        return turn_upright(photograph.rgb, photograph.orientation)
    if isinstance(image, Image.Image):
        return _from_pil(image)
    if isinstance(image, Tensor):
        image = _from_tensor(image)
    if not isinstance(image, np.ndarray):
        raise InputError(
            f"an object of type {type(image).__name__} is no image: give a path, an array, a PIL image or a "
            "tensor"
        )
    return _from_array(image)


def _from_tensor(tensor: Tensor) -> np.ndarray:
    """(H, W, C) of (C, H, W)."""
    if tensor.layout != torch.strided or tensor.is_nested or tensor.is_meta:
        raise InputError("a tensor that is sparse, nested or has no values is no image: give a dense one")
    if tensor.ndim != 3 or tensor.shape[0] not in (1, 3):
        raise InputError(f"a tensor of shape {tuple(tensor.shape)} is no image: give (3, height, width)")
    if tensor.is_floating_point():
        tensor = tensor.float()  # NumPy knows no bfloat16
    elif tensor.dtype not in (torch.uint8, torch.uint16):
        raise InputError(f"images are uint8, uint16 or floating point, not {tensor.dtype}")
    return tensor.movedim(0, -1).numpy(force=True)


def _from_array(array: np.ndarray) -> np.ndarray:
    array = np.asarray(array)  # no longer a masked array
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise InputError(f"an array of shape {array.shape} is no image: give (height, width, 3), RGB")
    if array.shape[2] == 4:
        array = array[..., :3]
    if array.dtype.newbyteorder("=") in (np.uint8, np.uint16):
        rgb = array.astype(np.float32)
        rgb /= np.iinfo(array.dtype).max
    elif np.issubdtype(array.dtype, np.floating):
        if not np.isfinite(array).all():
            raise InputError("the image has values that are NaN or infinite; replace them first")
        if array.min() < -OVERSHOOT or array.max() > 1 + OVERSHOOT:
            raise InputError(
                f"floating-point images lie in [0, 1], not in [{array.min():g}, {array.max():g}]: scale it, "
                "or give uint8 or uint16"
            )
        rgb = array.astype(np.float32).clip(0, 1)
    else:
        raise InputError(f"images are uint8, uint16 or floating point, not {array.dtype}")
    return rgb if rgb.shape[2] == 3 else rgb.repeat(3, axis=2)


def _from_pil(image: Image.Image) -> np.ndarray:
    if image.mode not in PIL_MODES:
        raise InputError(
            f"a PIL image of mode {image.mode} is not taken, for its values may mean many things: convert it "
            "to RGB, or give its path or an array"
        )
    try:
        image.load()  # of a file it has read no more than the header
    except (*DAMAGED, AssertionError, AttributeError) as error:  # the last two where it has been closed
        name = getattr(image, "filename", "") or "the PIL image"
        raise InputError(
            f"{name} is closed, truncated or damaged: hand it over while it is open, or copy or download it "
            "again"
        ) from error
    if image.mode.startswith("I;16"):
        values = as_tags_say(np.asarray(image, np.uint16), getattr(image, "tag_v2", {}))
    else:
        values = np.asarray(image.convert("RGB"))
    return turn_upright(_from_array(values), orientation_of(image))


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Rounds float32 in [0, 1] to 8 bits. Images may be large, so it works in place: ``image`` is spent."""
    return round_to(np.uint8, image)
