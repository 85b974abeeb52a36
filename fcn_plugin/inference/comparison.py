"""Pictures to look at: blurry and restored side by side."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from fcn_plugin.files import write_atomically
from fcn_plugin.inference.image_file import ImageFile, read_image, round_to, turn_upright
from fcn_plugin.inference.image_formats import QUALITY, encode_by_pillow

LONGEST_SIDE = 65500  # that JPEG has
WHITE = 255


def compare_images(
    path: str | os.PathLike,
    blurry: str | os.PathLike,
    restored: str | os.PathLike,
    when_whole: Callable[[Path], object] = lambda beside: None,
) -> None:
    """Writes two image files side by side as JPEG, upright and with the first one's colour profile.

    Raises:
        InputError: One of them cannot be read, or the picture cannot be written.
    """
    before = read_image(blurry)
    # A profile of grey files does not go with RGB.
    profile = before.colour_profile if before.pixels.shape[2] == 3 else None
    write_comparison(path, _to_show(before), _to_show(read_image(restored)), profile, when_whole)


def write_comparison(
    path: str | os.PathLike,
    blurry: np.ndarray,
    restored: np.ndarray,
    colour_profile: bytes | None = None,
    when_whole: Callable[[Path], object] = lambda beside: None,
) -> None:
    """Writes two images of one size, uint8 (height, width, 3), RGB, side by side as JPEG.

    Very wide ones go above each other, and what JPEG cannot hold is made smaller. Grey images may have one
    channel. ``when_whole`` is as `fcn_plugin.files.whole_file` has it.

    Raises:
        InputError: The picture cannot be written.
    """
    height, width = blurry.shape[:2]
    axis = 1 if 2 * width <= LONGEST_SIDE else 0
    gap = max(2, width // 100)
    shape = [height, width, 3]
    shape[axis] = 2 * shape[axis] + gap
    picture = np.full(shape, WHITE, np.uint8)
    picture[:height, :width] = blurry
    picture[-height:, -width:] = restored
    factor = LONGEST_SIDE / max(shape)
    if factor < 1:
        size = [max(1, round(side * factor)) for side in shape[1::-1]]
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    content = encode_by_pillow(picture, "JPEG", {"quality": QUALITY, "icc_profile": colour_profile})
    write_atomically(path, content, when_whole)


def _to_show(image: ImageFile) -> np.ndarray:
    """Upright, in 8 bits."""
    pixels = image.pixels if image.pixels.dtype == np.uint8 else round_to(np.uint8, image.rgb)
    return turn_upright(pixels, image.orientation)
