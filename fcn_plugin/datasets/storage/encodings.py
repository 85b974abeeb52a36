"""How an LMDB's values hold images: `png`, for exchange, or `raw`, for speed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fcn_plugin.datasets.storage.image_codec import PNG_LEVEL, decode_rgb, encode_png
from fcn_plugin.datasets.storage.lmdb_layout import ImageSize
from fcn_plugin.errors import InputError


@dataclass(frozen=True)
class Encoding:
    """An encoding of height × width × 3, RGB, uint8.

    Attributes:
        encode: Image to bytes.
        decode: Bytes, as a flat uint8 array, to an image that is not to be written into; also takes the
            image's listed size and what to call it in messages. Raises an ``InputError`` for bytes that
            are no such image.
        in_place: Whether what is decoded is a view of the bytes, to be taken from the mapped file.
        bytes_per_pixel: None where that depends on the image.
        compression: What BasicSR's ``meta_info.txt`` gives in a line's last place.
        channel_order: In words, for ``dataset_info.json``.
    """

    encode: Callable[[np.ndarray], bytes]
    decode: Callable[[np.ndarray, ImageSize, str], np.ndarray]
    in_place: bool
    bytes_per_pixel: int | None
    compression: int
    channel_order: str


def _decode_png(content: np.ndarray, size: ImageSize, place: str) -> np.ndarray:
    return decode_rgb(content, place)


def _decode_raw(content: np.ndarray, size: ImageSize, place: str) -> np.ndarray:
    if content.size != size.height * size.width * 3:
        raise InputError(
            f"{place} has {content.size} bytes, but is listed as an RGB image of {size.width}×{size.height}; "
            "write the LMDB again."
        )
    return content.reshape(size.height, size.width, 3)


ENCODINGS = {
    "png": Encoding(
        encode_png,
        _decode_png,
        in_place=False,
        bytes_per_pixel=None,
        compression=PNG_LEVEL,
        channel_order="PNG files, which hold RGB; OpenCV decodes them to BGR, fcn_plugin to RGB",
    ),
    "raw": Encoding(
        np.ndarray.tobytes,
        _decode_raw,
        in_place=True,
        bytes_per_pixel=3,
        compression=0,
        channel_order="uncompressed rows of RGB, 8 bits each",
    ),
}
