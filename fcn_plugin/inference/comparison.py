"""Pictures to look at: blurry and restored side by side."""

import os

import cv2
import numpy as np

from fcn_plugin.files import cannot_be_written, write_atomically
from fcn_plugin.inference.image_file import read_image, turn_upright
from fcn_plugin.inference.image_formats import QUALITY, encode_by_pillow

LONGEST_SIDE = 65500  # that JPEG has


def compare_images(path: str | os.PathLike, blurry: str | os.PathLike, restored: str | os.PathLike) -> None:
    """Writes two image files side by side as JPEG, upright and with the first one's colour profile.

    Raises:
        InputError: One of them cannot be read, or the picture cannot be written.
    """
    images = [read_image(blurry), read_image(restored)]
    # A profile of grey files does not go with RGB.
    profile = images[0].colour_profile if images[0].channels == 3 else None
    write_comparison(path, *(turn_upright(image.rgb, image.orientation) for image in images), profile)


def write_comparison(
    path: str | os.PathLike, blurry: np.ndarray, restored: np.ndarray, colour_profile: bytes | None = None
) -> None:
    """Writes two images of one size, (height, width, 3), RGB in [0, 1], side by side as JPEG.

    Very wide ones go above each other, and what JPEG cannot hold is made smaller.

    Raises:
        InputError: The picture cannot be written.
    """
    height, width = blurry.shape[:2]
    axis = 1 if 2 * width <= LONGEST_SIDE else 0
    gap_shape = [height, width, 3]
    gap_shape[axis] = max(2, width // 100)
    picture = np.concatenate([blurry, np.ones(gap_shape, np.float32), restored], axis)
    factor = LONGEST_SIDE / max(picture.shape)
    if factor < 1:
        size = [max(1, round(side * factor)) for side in picture.shape[1::-1]]
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    options = {"quality": QUALITY, "icc_profile": colour_profile}
    content = encode_by_pillow((picture * 255).round().astype(np.uint8), "JPEG", options)
    try:
        write_atomically(path, content)
    except OSError as error:
        raise cannot_be_written(path, error) from error
