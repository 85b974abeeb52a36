"""The frames of a video as RGB arrays, and back. Needs PyAV."""

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange

# How much of red and of blue is in luma, by the numbers of ITU-T H.273 that files give their matrix by.
_LUMA = {
    1: (0.2126, 0.0722),  # BT.709
    4: (0.30, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.601
    6: (0.299, 0.114),  # BT.601
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020
    10: (0.2627, 0.0593),  # BT.2020
}
_RGB, _BT709, _BT601 = 0, 1, 6
_HIGH_DEFINITION = 720  # rows
_YUV = "yuv444p16le"
_SUBSAMPLING_ODD_SIZES = {"libvpx-vp9", "libsvtav1"}
"""Encoders that take chroma of half the size, rounded up; x264 and x265 refuse it."""
# FFmpeg's default is many levels of 255 off after chroma has gone to the size of luma and back.
# They are libswscale's flags for Lanczos, full chroma both ways, and accurate rounding, of which older PyAVs
# name the first only.
_INTERPOLATION = 0x200 | 0x2000 | 0x4000 | 0x40000


class VideoColours:
    """How the frames of a video hold colours.

    The matrix and range between YUV and RGB are the video's own. Where it does not say, they are what players
    take: BT.709 from 720 rows on, BT.601 below, and the limited range. Transfer functions are left as they
    are, those of HDR too. FFmpeg brings chroma to the size of luma and back, but no more, for its own
    matrices are up to 1.5 levels of 255 off and tint.

    Args:
        frame: One of the frames.
    """

    def __init__(self, frame: av.VideoFrame) -> None:
        self._format = frame.format
        self._is_yuv = not frame.format.is_rgb and len(frame.format.components) > 2
        self._is_odd = bool(frame.width % 2 or frame.height % 2)
        full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
        self._range = ColorRange.JPEG if full else ColorRange.MPEG
        colourspace = _BT709 if frame.colorspace == _RGB else frame.colorspace
        usual = _BT709 if frame.height >= _HIGH_DEFINITION else _BT601
        self._to_yuv, self._black = _matrix(*_LUMA.get(colourspace, _LUMA[usual]), full)
        self._tags = {
            "color_range": self._range,
            "colorspace": colourspace,
            "color_primaries": frame.color_primaries,
            "color_trc": frame.color_trc,
        }

    def set_up(self, encoder: av.VideoCodecContext) -> None:
        """Tells an encoder of the pixel format, the video's own if possible, and of the colours."""
        encoder.pix_fmt = self._pixel_format(encoder.codec)
        for name, value in self._tags.items():
            setattr(encoder, name, value)

    def to_rgb(self, frame: av.VideoFrame) -> np.ndarray:
        """(height, width, 3), RGB, float32 in [0, 1], as stored."""
        if not self._is_yuv:
            return np.divide(frame.to_ndarray(format="rgb48le"), 65535, dtype=np.float32)
        codes = self._reformat(frame, _YUV).to_ndarray().astype(np.float32)
        return cv2.transform(codes - self._black, np.linalg.inv(self._to_yuv)).clip(0, 1)

    def from_rgb(self, rgb: np.ndarray, pixel_format: str) -> av.VideoFrame:
        """The frame in the format of an encoder; the reverse of `to_rgb`, clipped to [0, 1]."""
        codes = cv2.transform(rgb.clip(0, 1), self._to_yuv) + self._black
        frame = av.VideoFrame.from_ndarray(codes.round().astype(np.uint16), format=_YUV)
        return self._reformat(frame, pixel_format)

    def _reformat(self, frame: av.VideoFrame, pixel_format: str) -> av.VideoFrame:
        return frame.reformat(
            format=pixel_format,
            src_color_range=self._range,
            dst_color_range=self._range,
            interpolation=_INTERPOLATION,
        )

    def _pixel_format(self, encoder: av.Codec) -> str:
        possible = {one.name for one in encoder.video_formats}
        subsamples = not self._is_odd or encoder.name in _SUBSAMPLING_ODD_SIZES
        own = self._format.name.replace("yuvj", "yuv")
        if own in possible and self._is_yuv and subsamples:
            return own
        sampling = "420" if subsamples and not self._format.is_rgb else "444"
        deep = max(component.bits for component in self._format.components) > 8
        wishes = [f"yuv{sampling}p10le"] * deep + [f"yuv{sampling}p"]
        return next((wish for wish in wishes if wish in possible), "yuv420p")


def _matrix(red: float, blue: float, full_range: bool) -> tuple[np.ndarray, np.ndarray]:
    """From RGB in [0, 1] to YUV in 16-bit codes, and the codes of black, by the weights of luma."""
    luma = np.array([red, 1 - red - blue, blue])
    chroma = [(np.eye(3)[place] - luma) / (2 - 2 * luma[place]) for place in (2, 0)]
    scale = (255, 255, 255) if full_range else (219, 224, 224)
    black = (0 if full_range else 16, 128, 128)
    # A 16-bit code is 256 times the one of 8 bits.
    return 256 * np.array(scale)[:, None] * [luma, *chroma], np.float32(black) * 256
