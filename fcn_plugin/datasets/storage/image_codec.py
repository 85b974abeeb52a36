"""Image files to RGB arrays, and back to PNG."""

import cv2
import numpy as np

from fcn_plugin.errors import InputError

PNG_LEVEL = 1  # the fast one that BasicSR writes


def decode_rgb(content: bytes | np.ndarray, place: str) -> np.ndarray:
    """Decodes an image file into height × width × 3, RGB, uint8, read-only.

    8-bit grey is expanded to three equal channels. Pixels are taken as stored: a rotation asked for by
    EXIF is not applied.

    Args:
        content: The file's bytes, as such or as a flat uint8 array.
        place: Names the file in messages.

    Raises:
        InputError: The file is truncated, damaged or no image, has more than 8 bits, or is transparent.
    """
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # what OpenCV makes of an empty file
        image = None
    if image is None:
        raise unreadable_image(place)
    if image.dtype != np.uint8:
        raise InputError(f"{place} holds {image.dtype} values; convert it to 8-bit RGB.")
    if image.ndim == 3 and image.shape[2] == 4:
        raise InputError(f"{place} has an alpha channel; convert it to 8-bit RGB.")
    image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB if image.ndim == 2 else cv2.COLOR_BGR2RGB)
    image.flags.writeable = False
    return image


def encode_png(image: np.ndarray) -> bytes:
    """Encodes height × width × 3, RGB, uint8 as PNG."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])
    return content.tobytes()


def unreadable_image(place: str) -> InputError:
    """The error for a file that no image can be had from."""
    return InputError(f"{place} is not a readable image (truncated or damaged); copy or download it again.")
