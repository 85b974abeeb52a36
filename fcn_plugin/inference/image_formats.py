"""What becomes of pixels and metadata in each format of image files.

A format is made of a file as it was read, remembers what that file holds beside its pixels, and puts it into
another file beside other pixels. Pixels are (height, width) or (height, width, channels), the channels being
grey and alpha, RGB, or RGB and alpha; uint8, or uint16 where the format has it.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

import cv2
import numpy as np
from PIL import Image, JpegImagePlugin, TiffImagePlugin, TiffTags

QUALITY = 95
"""Of JPEG and lossy WebP: 95 of 100."""


class ImageFormat(Protocol):
    """
    Args:
        header: The file, opened by Pillow.
        content: Its bytes.

    Attributes:
        bits: Of one stored value.
    """

    bits: int

    def __init__(self, header: Image.Image, content: bytes) -> None: ...

    def encode(self, pixels: np.ndarray) -> bytes:
        """The file with these pixels in place of its own."""


class JPEG:
    """Keeps EXIF, ICC profile, XMP, IPTC, comment, resolution, chroma subsampling and progressive order.

    Of a file that holds several pictures (MPO), such as a depth map or a gain map beside the photograph, the
    photograph alone is kept.
    """

    bits = 8
    _KEPT = (b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0")
    _KEPT += (b"ICC_PROFILE\0", b"Photoshop 3.0\0")

    def __init__(self, header: JpegImagePlugin.JpegImageFile, content: bytes) -> None:
        self._options = {
            "quality": QUALITY,
            "subsampling": JpegImagePlugin.get_sampling(header),
            "progressive": "progressive" in header.info,
            "dpi": header.info.get("dpi", (0, 0)),
        }
        kept = (*self._KEPT, b"Exif\0") if _can_be_read(header.info.get("exif", b"")) else self._KEPT
        self._segments = [
            struct.pack(">BBH", 0xFF, _marker(name), len(data) + 2) + data
            for name, data in header.applist
            if name == "COM" or data.startswith(kept)
        ]

    def encode(self, pixels: np.ndarray) -> bytes:
        content = encode_by_pillow(pixels, "JPEG", self._options)
        after_jfif = 4 + struct.unpack_from(">H", content, 4)[0]
        return content[:after_jfif] + b"".join(self._segments) + content[after_jfif:]


class PNG:
    """Keeps EXIF, ICC profile and other colour spaces, XMP and other texts, and resolution."""

    _SIGNATURE = b"\x89PNG\r\n\x1a\n"
    _KEPT = (b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"pHYs", b"eXIf", b"tEXt", b"zTXt", b"iTXt")

    def __init__(self, header: Image.Image, content: bytes) -> None:
        self.bits = content[len(self._SIGNATURE) + 16]
        self._chunks = [chunk for name, chunk in self._chunks_of(content) if self._is_kept(name, chunk)]

    def encode(self, pixels: np.ndarray) -> bytes:
        # Pillow has no 16-bit colours, OpenCV no 8-bit grey with alpha.
        encode = _encode_16_bit_png if pixels.dtype == np.uint16 else _encode_8_bit_png
        (_, start), *rest = self._chunks_of(encode(pixels))
        return b"".join([self._SIGNATURE, start, *self._chunks, *(chunk for _, chunk in rest)])

    def _is_kept(self, name: bytes, chunk: bytes) -> bool:
        return name in self._KEPT and (name != b"eXIf" or _can_be_read(chunk[8:-4]))

    def _chunks_of(self, content: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Each chunk's name and the whole of it."""
        place = len(self._SIGNATURE)
        while place < len(content):
            length, name = struct.unpack_from(">I4s", content, place)
            yield name, content[place : place + length + 12]
            if name == b"IEND":  # what programs append is no part of the picture
                return
            place += length + 12


class TIFF:
    """Keeps all tags, among them EXIF, GPS, ICC profile, XMP, IPTC and resolution, but thumbnails.

    Files are written losslessly compressed, by Deflate.
    """

    # They say how pixels are stored.
    _PIXEL_TAGS = (254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 280, 281, 284, 292, 293, 317)
    _PIXEL_TAGS += (320, 322, 323, 324, 325, 330, 338, 339, 340, 341, 347, *range(512, 522), *range(529, 533))
    _DIRECTORIES = (34665, 34853)  # of EXIF and GPS

    def __init__(self, header: TiffImagePlugin.TiffImageFile, content: bytes) -> None:
        tags = header.tag_v2
        self.bits = max(tags.get(258, (1,)))
        self._tags = {tag: (tags.tagtype[tag], tags[tag]) for tag in tags if tag not in self._PIXEL_TAGS}
        exif = header.getexif()
        for tag in self._tags.keys() & set(self._DIRECTORIES):
            self._tags[tag] = (TiffTags.LONG, dict(exif.get_ifd(tag)))

    def encode(self, pixels: np.ndarray) -> bytes:
        height, width = pixels.shape[:2]
        pixels = pixels.reshape(height, width, -1).astype(pixels.dtype.newbyteorder("<"))
        channels = pixels.shape[2]
        differences = pixels.copy()
        differences[:, 1:] -= pixels[:, :-1]
        strip = zlib.compress(differences)

        directory = TiffImagePlugin.ImageFileDirectory_v2(b"II\x2a\0\0\0\0\0")
        for tag, (kind, value) in self._tags.items():
            directory.tagtype[tag] = kind
            directory[tag] = value
        directory[256], directory[257] = width, height
        directory[258] = (pixels.itemsize * 8,) * channels
        directory[259] = 8  # Deflate
        directory[262] = 2 if channels > 2 else 1  # RGB, or grey from black up
        directory[273] = 0  # from the end of the directory; Pillow makes it an offset in the file
        directory[277] = channels
        directory[278], directory[279] = height, len(strip)
        directory[284] = 1  # channels beside each other
        directory[317] = 2  # differences of neighbours
        if channels in (2, 4):
            directory[338] = 2  # alpha that colours are not multiplied by
        file = io.BytesIO()
        directory.save(file)
        return file.getvalue() + strip


class WebP:
    """Keeps EXIF, ICC profile and XMP, and whether the file is lossless."""

    bits = 8

    def __init__(self, header: Image.Image, content: bytes) -> None:
        lossless = b"VP8L" in self._chunk_names(content)
        # `exact` keeps colours where alpha is 0.
        self._options = {**_metadata(header), "quality": QUALITY, "lossless": lossless, "exact": True}

    def encode(self, pixels: np.ndarray) -> bytes:
        return encode_by_pillow(pixels, "WEBP", self._options)

    @staticmethod
    def _chunk_names(content: bytes) -> Iterator[bytes]:
        place = 12
        while place + 8 <= len(content):
            name, length = struct.unpack_from("<4sI", content, place)
            yield name
            place += 8 + length + length % 2


class AVIF:
    """Keeps EXIF, ICC profile or other colour space, XMP and chroma subsampling."""

    _SUBSAMPLING = ("4:4:4", None, "4:2:2", "4:2:0", None, None, None, "4:0:0")
    _COLOURS = b"colrnclx"  # and then, in 2 bytes each, primaries, transfer function and matrix

    def __init__(self, header: Image.Image, content: bytes) -> None:
        # In the decoder's configuration: more than 8 bits, 12 bits, grey, and less chroma per row and column.
        flags = [content[found.end() + 2] for found in re.finditer(b"av1C", content)]
        colours = next((flag for flag in flags if not flag & 0b10000), flags[0])  # alpha is grey
        self.bits = 8 + 2 * (colours >> 6 & 1) + 2 * (colours >> 5 & 1)
        subsampling = self._SUBSAMPLING[colours >> 2 & 0b111]
        self._options = {**_metadata(header), "quality": QUALITY, "subsampling": subsampling}
        _, self._space, rest = content.partition(self._COLOURS)
        self._space += rest[:4]

    def encode(self, pixels: np.ndarray) -> bytes:
        before, space, after = encode_by_pillow(pixels, "AVIF", self._options).partition(self._COLOURS)
        # How Pillow has made YUV of RGB stays as it says; that the colours are sRGB is for the file to say.
        return before + (self._space if space and self._space else space + after[:4]) + after[4:]


class BMP:
    """Keeps the resolution."""

    bits = 8

    def __init__(self, header: Image.Image, content: bytes) -> None:
        self._options = {"dpi": header.info["dpi"]} if "dpi" in header.info else {}

    def encode(self, pixels: np.ndarray) -> bytes:
        content = encode_by_pillow(pixels, "BMP", self._options)
        return _with_alpha_in_header(content) if pixels.shape[2:] == (4,) else content


FORMATS: dict[str, type[ImageFormat]] = {
    "JPEG": JPEG,
    "MPO": JPEG,
    "PNG": PNG,
    "TIFF": TIFF,
    "WEBP": WebP,
    "AVIF": AVIF,
    "BMP": BMP,
}
"""By Pillow's name of them."""


def _can_be_read(exif: bytes) -> bool:
    """Whether there are EXIF data and not only bytes in their place, which other readers may stumble over."""
    try:
        Image.Exif().load(exif)
    except (SyntaxError, struct.error):
        return False
    return bool(exif)


def _metadata(header: Image.Image) -> dict[str, bytes]:
    """What there is of EXIF, ICC profile and XMP, as options of Pillow's."""
    kept = {name: header.info[name] for name in ("exif", "icc_profile", "xmp") if header.info.get(name)}
    if not _can_be_read(kept.get("exif", b"")):
        kept.pop("exif", None)
    return kept


def _marker(name: str) -> int:
    """Of a JPEG segment that Pillow calls COM, or APP and a number."""
    return 0xFE if name == "COM" else 0xE0 + int(name.removeprefix("APP"))


def encode_by_pillow(pixels: np.ndarray, format_name: str, options: dict[str, Any]) -> bytes:
    """An image file, with options of Pillow's for its format; pixels as an `ImageFormat` takes them."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format_name, **options)
    return file.getvalue()


def _with_alpha_in_header(content: bytes) -> bytes:
    """A BMP file of 32 bits for each pixel with a header that says so, which Pillow's (40 bytes) does not."""
    masks = 0xFF0000, 0xFF00, 0xFF, 0xFF000000
    added = struct.pack("<4I4s48x", *masks, b"BGRs")  # which is sRGB, backwards
    header, pixels = bytearray(content[:54]), content[54:]
    struct.pack_into("<I", header, 2, len(content) + len(added))
    struct.pack_into("<II", header, 10, 54 + len(added), 40 + len(added))  # where pixels begin, and the size
    struct.pack_into("<I", header, 30, 3)  # there are masks
    return bytes(header) + added + pixels


def _encode_8_bit_png(pixels: np.ndarray) -> bytes:
    return encode_by_pillow(pixels, "PNG", {})


def _encode_16_bit_png(pixels: np.ndarray) -> bytes:
    if pixels.ndim == 3:
        # OpenCV writes no grey with alpha, so that becomes RGB with alpha.
        order = {2: [0, 0, 0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[pixels.shape[2]]
        pixels = np.ascontiguousarray(pixels[..., order])
    _, content = cv2.imencode(".png", pixels)
    return content.tobytes()
