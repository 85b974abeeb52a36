"""Photographs: image files with all that they hold beside their pixels."""

import contextlib
import io
import os
import struct
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageSequence, TiffImagePlugin, UnidentifiedImageError

from fcn_plugin.errors import InputError
from fcn_plugin.files import cannot_be_read, write_atomically
from fcn_plugin.inference.image_formats import FORMATS, ImageFormat

DAMAGED = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, RuntimeError),
    struct.error,
)
"""What Pillow's readers raise for damaged files."""
# Pillow's modes of images with at most 8 bits, and what their colours are read as.
_COLOURS = {"1": "L", "L": "L", "LA": "L", "P": "RGB", "PA": "RGB", "RGB": "RGB", "RGBA": "RGB"}
_COLOURS["RGBX"] = "RGB"  # in Pillow 9, of TIFF files whose fourth channel is not said to be alpha
_16_BIT_MODES = {"I;16", "I;16B", "I", "L", "RGB", "RGBA", "RGBX"}
# GIF only for a message of its own: left out, such files would be missing without a word.
_TAKEN = {*FORMATS, "GIF"}
Image.init()  # in Pillow 9 no format is looked for any more once one of them has been imported
IMAGE_SUFFIXES = tuple(suffix for suffix, name in Image.registered_extensions().items() if name in _TAKEN)
"""Of the files that can be read with this version of Pillow."""
READABLE = sorted(_TAKEN & Image.OPEN.keys())
"""Formats, by their names in Pillow, which reads more, some of it by handing the file to other programs."""
_HEIC = {b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis")}
"""What such files have from their fifth byte on."""
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class ImageFile:
    """A photograph, and what to write the restored one with.

    Attributes:
        path: Where it was read from.
        pixels: (height, width, 3), RGB, or (height, width, 1), grey; uint8 or uint16, as stored: neither
            turned as `orientation` asks nor converted from the file's colour profile. A palette is RGB.
        alpha: (height, width), uint8 or uint16, or None. Colours are not multiplied by it.
        orientation: How viewers turn it, 1 to 8 as EXIF counts; 1 is not at all.
        colour_profile: ICC profile of the file, or None.
        left_out: How many further pictures are in the file, which are not read.
        file_format: Of the file, with its metadata.
    """

    path: Path
    pixels: np.ndarray
    alpha: np.ndarray | None
    orientation: int
    colour_profile: bytes | None
    left_out: int
    file_format: ImageFormat

    @property
    def rgb(self) -> np.ndarray:
        """(height, width, 3), RGB, float32 in [0, 1], otherwise as `pixels`. Grey is in all three channels.

        Made anew each time, for it takes four times the memory.
        """
        rgb = np.divide(self.pixels, np.iinfo(self.pixels.dtype).max, dtype=np.float32)
        return rgb if rgb.shape[2] == 3 else rgb.repeat(3, axis=2)

    @property
    def grey(self) -> bool:
        """Whether there are no colours, be it in one channel or in three."""
        return bool((self.pixels == self.pixels[..., :1]).all())

    def write(
        self,
        path: str | os.PathLike,
        restored: np.ndarray,
        when_whole: Callable[[Path], object] = lambda beside: None,
    ) -> None:
        """Writes restored pixels as this file: its format, bits, alpha and metadata.

        The orientation stays a tag and pixels stay as they lie, so that all the metadata, the thumbnail and
        the maker's notes among it, can stay as it is.

        Args:
            path: The file, which appears whole or not at all.
            restored: As `rgb`. Values are clipped to [0, 1] and rounded to the file's bits, and grey stays
                grey, the mean of the channels. Images may be large, so it works in place: it is spent.
            when_whole: As `fcn_plugin.files.whole_file` has it.

        Raises:
            InputError: Values are NaN or infinite, or the file cannot be written.
        """
        height, width, channels = self.pixels.shape
        if restored.shape != (height, width, 3):
            raise ValueError(f"{self.path} has the shape {(height, width, 3)}, not {restored.shape}.")
        if not np.isfinite([restored.min(), restored.max()]).all():  # NaN if there is one
            raise InputError(
                f"{self.path} was restored to values that are NaN or infinite and is not written; "
                "check the weights, and the precision if it is lower than float32."
            )
        if self.grey:
            restored = restored.mean(axis=2, keepdims=True).repeat(channels, axis=2)
        pixels = round_to(self.pixels.dtype, np.clip(restored, 0, 1, out=restored))
        if self.alpha is not None:
            pixels = np.dstack([pixels, self.alpha])
        elif channels == 1:
            pixels = pixels[..., 0]
        write_atomically(path, self.file_format.encode(pixels), when_whole)


def read_image(path: str | os.PathLike) -> ImageFile:
    """Reads a photograph: JPEG, PNG, TIFF, WebP, AVIF or BMP; RGB, grey or a palette of up to 8 bits, or 16.

    Raises:
        InputError: There is no such file; it is empty, truncated or damaged; of another format; CMYK or
            another colour space; of floating-point values; an animation or of several pages; or so large that
            Pillow takes it for a decompression bomb (179 megapixels).
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise cannot_be_read(path, error) from error
    except ValueError as error:
        raise InputError(f"{str(path)!r} cannot be the name of a file ({error}); check the path.") from error
    if not content:
        raise InputError(f"{path} is empty (0 bytes); copy or download it again.")
    try:
        # Pillow warns of photographs from 89 megapixels on, which exist, and of tags that make no sense.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = Image.open(io.BytesIO(content), formats=READABLE)
            _check_still(path, header, content)
            file_format = FORMATS[header.format](header, content)
            orientation = orientation_of(header)
            _check_colours(path, header, file_format.bits)
            header.load()  # of 16 bits too: it notices what is missing, OpenCV does not
            decode = _decode_16_bits if file_format.bits == 16 else _decode_8_bits
            pixels = decode(path, header, content)
    except Image.DecompressionBombError as error:
        limit = 2 * Image.MAX_IMAGE_PIXELS // 10**6
        raise InputError(f"{path} has more than {limit} megapixels; cut it into parts.") from error
    except UnidentifiedImageError as error:
        if kind := _kind_of_tiff(content):
            raise InputError(
                f"{path} is a TIFF of a kind that cannot be read here ({kind}); convert it to PNG."
            ) from error
        if content[4:12] in _HEIC:
            raise InputError(f"{path} is HEIC, which is not read here; convert it to JPEG or PNG.") from error
        raise InputError(
            f"{path} is not a readable image (JPEG, PNG, TIFF, WebP, AVIF or BMP); convert it, or copy it "
            "again."
        ) from error
    except InputError:
        raise
    except DAMAGED as error:
        raise InputError(f"{path} is truncated or damaged; copy or download it again.") from error
    if header.format == "TIFF":
        # Pillow and OpenCV have turned it upright; back again.
        pixels = turn_upright(pixels, {6: 8, 8: 6}.get(orientation, orientation))
    colours, alpha = (pixels[..., :-1], pixels[..., -1]) if pixels.shape[2] in (2, 4) else (pixels, None)
    left_out = getattr(header, "n_frames", 1) - 1
    return ImageFile(path, colours, alpha, orientation, header.info.get("icc_profile"), left_out, file_format)


def count_pixels(path: str | os.PathLike) -> int:
    """Height times width of an image file, without decoding it; 0 for files that cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=READABLE) as header:
                return header.height * header.width
    except (Image.DecompressionBombError, *DAMAGED):
        return 0


def round_to(kind: np.dtype | type, image: np.ndarray) -> np.ndarray:
    """Rounds float32 in [0, 1] to uint8 or uint16. Images may be large, so it works in place: it is spent."""
    image *= np.iinfo(kind).max
    return np.rint(image, out=image).astype(kind)


def orientation_of(image: Image.Image) -> int:
    """How viewers turn it, 1 to 8 as EXIF counts; 1 where EXIF data cannot be read or say nothing else."""
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except DAMAGED:
        return 1
    return orientation if orientation in range(1, 9) else 1


def turn_upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Turns (height, width, ...) as an orientation of 1 to 8 asks; others leave it as it is."""
    if 5 <= orientation <= 8:
        image = image.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return image


def as_tags_say(pixels: np.ndarray, tags: Mapping[int, Any]) -> np.ndarray:
    """What the uint16 values of a TIFF file mean, which Pillow sees to for 8 bits, OpenCV not at all."""
    if tags.get(262) == 0:  # white is 0
        return np.iinfo(pixels.dtype).max - pixels
    if tags.get(338) == (0,):  # the fourth channel is not said to be alpha
        return pixels[..., :3]
    if tags.get(338) == (1,):  # colours are multiplied by alpha
        alpha = pixels[..., 3:]
        colours = pixels[..., :3] / np.maximum(alpha, 1, dtype=np.float32)
        return np.dstack([round_to(pixels.dtype, colours.clip(max=1)), alpha])
    return pixels


def _check_still(path: Path, header: Image.Image, content: bytes) -> None:
    """Raises an `InputError` unless the file is one photograph."""
    if header.format == "GIF":
        raise InputError(
            f"{path} is a GIF, whose 256 colours cannot hold a photograph; convert it to PNG or, if it is an "
            "animation, to MP4."
        )
    frames = getattr(header, "n_frames", 1)
    if frames > 1 and header.format == "TIFF":
        pages = _count_pages(content)
        if pages > 1:
            raise InputError(f"{path} holds {pages} pages; save each as a file of its own.")
    elif frames > 1 and header.format != "MPO":
        raise InputError(f"{path} holds an animation; convert it to MP4.")


def _count_pages(content: bytes) -> int:
    """How many pages a TIFF file has without thumbnails, which are marked as such, after the first."""
    with Image.open(io.BytesIO(content), formats=["TIFF"]) as file:
        _, *others = (page.tag_v2.get(254, 0) for page in ImageSequence.Iterator(file))
    return 1 + sum(not kind & 1 for kind in others)


def _kind_of_tiff(content: bytes) -> str:
    """How a TIFF file that Pillow has no mode for stores its pixels; empty for all other files."""
    if not content.startswith((b"II\x2a\0", b"MM\0\x2a")):
        return ""
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(content[:8])
        file = io.BytesIO(content)
        file.seek(tags.next)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tags.load(file)
        bits = " + ".join(map(str, tags[258]))
        return f"{bits} bits for each pixel, photometric interpretation {tags[262]}"
    except DAMAGED:
        return ""


def _check_colours(path: Path, header: Image.Image, bits: int) -> None:
    """Raises an `InputError` unless the file's values can be read and written again."""
    if header.mode == "CMYK":
        raise InputError(f"{path} is in CMYK, the inks of a printer; convert it to RGB.")
    if 8 < bits != 16 or header.mode not in (_16_BIT_MODES if bits == 16 else _COLOURS):
        raise InputError(
            f"{path} holds {bits}-bit values of the kind {header.mode}; convert it to RGB with 8 or 16 bits."
        )


def _decode_8_bits(path: Path, header: Image.Image, content: bytes) -> np.ndarray:
    """(height, width, channels), uint8: grey or RGB, then alpha where the file has it."""
    mode = _COLOURS[header.mode]
    if header.mode.endswith("A") or "transparency" in header.info:
        mode += "A"
    return np.atleast_3d(header.convert(mode))


def _decode_16_bits(path: Path, header: Image.Image, content: bytes) -> np.ndarray:
    """Likewise, but uint16, which Pillow has no colours of; grey with alpha comes as RGB with alpha."""
    try:
        with _silent_opencv():
            pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if pixels is None or pixels.dtype != np.uint16:
        raise InputError(f"{path} holds 16-bit values in a way that OpenCV cannot read; convert it to PNG.")
    pixels = np.atleast_3d(pixels)
    pixels = pixels if pixels.shape[2] == 1 else pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    if pixels.shape[2] == 1 and "transparency" in header.info:  # which OpenCV sees to in colours only
        opaque = (pixels != header.info["transparency"]) * np.uint16(65535)
        pixels = np.dstack([pixels, pixels, pixels, opaque])
    return as_tags_say(pixels, header.tag_v2) if header.format == "TIFF" else pixels


@contextlib.contextmanager
def _silent_opencv() -> Iterator[None]:
    """In this block OpenCV does not warn on standard error, as it does of tags that make no sense."""
    logging = getattr(cv2.utils, "logging", cv2)  # where OpenCV 4.6 has it
    level = logging.setLogLevel(0)
    try:
        yield
    finally:
        logging.setLogLevel(level)
