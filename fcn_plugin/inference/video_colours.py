"""The frames of a video as RGB arrays, and back. Needs PyAV."""

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation

# Others, the default above all, are many levels of 255 off after RGB and back.
_INTERPOLATION = (
    Interpolation.LANCZOS
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)
_RGB = "rgb48le"
# FFmpeg's AVColorSpace, what frames say, and what libswscale calls the same matrix.
_MATRICES = {
    0: Colorspace.ITU709,  # RGB, which most encoders do not take
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
_HIGH_DEFINITION = 720  # rows


class VideoColours:
    """How the frames of a video hold colours.

    The matrix and range between YUV and RGB are the video's own. Where it does not say, they are what players
    take: BT.709 from 720 rows on, BT.601 below, and the limited range. Transfer functions are left as they
    are, those of HDR too.

    Args:
        frame: One of the frames.
    """

    def __init__(self, frame: av.VideoFrame) -> None:
        usual = Colorspace.ITU709 if frame.height >= _HIGH_DEFINITION else Colorspace.ITU601
        self._matrix = _MATRICES.get(frame.colorspace, usual)
        full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
        self._range = ColorRange.JPEG if full else ColorRange.MPEG
        self._format = frame.format
        self._odd = frame.width % 2 or frame.height % 2
        self._tags = {
            "color_range": self._range,
            "colorspace": frame.colorspace or Colorspace.ITU709,
            "color_primaries": frame.color_primaries,
            "color_trc": frame.color_trc,
        }

    def set_up(self, encoder: av.VideoCodecContext) -> None:
        """Tells an encoder of the pixel format, the video's own if possible, and of the colours."""
        encoder.pix_fmt = self._pixel_format({one.name for one in encoder.codec.video_formats})
        for name, value in self._tags.items():
            setattr(encoder, name, value)

    def to_rgb(self, frame: av.VideoFrame) -> np.ndarray:
        """(height, width, 3), RGB, float32 in [0, 1], as stored."""
        options = (
            {} if self._format.is_rgb else {"src_colorspace": self._matrix, "src_color_range": self._range}
        )
        pixels = frame.to_ndarray(format=_RGB, interpolation=_INTERPOLATION, **options)
        return np.divide(pixels, 65535, dtype=np.float32)

    def from_rgb(self, rgb: np.ndarray, pixel_format: str) -> av.VideoFrame:
        """The frame in the format of an encoder; the reverse of `to_rgb`, clipped to [0, 1]."""
        pixels = (rgb.clip(0, 1) * 65535).round().astype(np.uint16)
        return av.VideoFrame.from_ndarray(pixels, format=_RGB).reformat(
            format=pixel_format,
            dst_colorspace=self._matrix,
            dst_color_range=self._range,
            interpolation=_INTERPOLATION,
        )

    def _pixel_format(self, possible: set[str]) -> str:
        own = self._format.name.replace("yuvj", "yuv")
        if own in possible and not self._odd:
            return own
        depth = "10le" if max(component.bits for component in self._format.components) > 8 else ""
        # What subsamples chroma takes even sizes only.
        wishes = [f"yuv444p{depth}", "yuv444p"] if self._odd or self._format.is_rgb else [f"yuv420p{depth}"]
        return next((wish for wish in wishes if wish in possible), "yuv420p")
