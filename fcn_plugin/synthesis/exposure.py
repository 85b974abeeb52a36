"""One exposure: what a sensor adds up while the picture moves across it.

Images are RGB, uint8, (height, width, 3). A pair is rendered from a patch of a sharp photograph: what the
camera sees in the middle of the exposure and a margin on every side, which it sees at other moments.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

GAMMA = 2.2
"""What the exponent from stored values to light is where nobody says otherwise."""


@dataclass(frozen=True)
class MovingObject:
    """A part of the picture that moves beside the camera's motion: an ellipse with a soft edge.

    Like rubber, the picture around it gives way, so that nothing is uncovered or seen twice.

    Attributes:
        outline: The matrix (2, 3) that takes a pixel (x, y, 1) of the picture to the unit disc.
        softness: Width of the edge, relative to the ellipse's radius.
        drift: How far its content has moved since the middle of the exposure, in pixels, (sub_frames, 2).
    """

    outline: np.ndarray
    softness: float
    drift: np.ndarray

    def coverage(self, height: int, width: int) -> np.ndarray:
        """How much each pixel moves with the object, float32 in [0, 1], (height, width)."""
        rows, columns = np.indices((height, width), np.float32)
        x, y = (float(a) * columns + float(b) * rows + float(c) for a, b, c in self.outline)
        edge = np.clip((1 - np.hypot(x, y)) / self.softness + 0.5, 0, 1)
        return edge * edge * (3 - 2 * edge)


@dataclass(frozen=True)
class Exposure:
    """Where the pixels of each sub-frame come from.

    Attributes:
        height: Of the picture, in pixels.
        width: Likewise.
        margin: Pixels of the patch on each side of the picture.
        matrices: From the pixels of each sub-frame to those of the patch, (sub_frames, 3, 3); the one in
            the middle is the picture itself. Their number is odd.
        moving_object: What moves by itself, if anything does.
    """

    height: int
    width: int
    margin: int
    matrices: np.ndarray
    moving_object: MovingObject | None = None


def to_light(image: np.ndarray, gamma: float = GAMMA) -> np.ndarray:
    """Light in [0, 1], float64, of stored values; ``gamma`` 1 takes the values for light."""
    return cv2.LUT(image, (np.arange(256) / 255) ** gamma)


def to_values(light: np.ndarray, gamma: float = GAMMA) -> np.ndarray:
    """Stored values, uint8, of light; rounded to nearest, what lies outside [0, 1] is clipped."""
    return np.rint(255 * np.clip(light, 0, 1) ** (1 / gamma)).astype(np.uint8)


def average_in_linear_light(frames: Iterable[np.ndarray], gamma: float = GAMMA) -> np.ndarray:
    """The image that a sensor records while ``frames`` pass before it.

    Args:
        frames: At least one, all of one shape, uint8.
        gamma: Exponent that turns stored values into light; 1 averages the stored values.

    Returns:
        uint8, of the frames' shape, rounded to nearest.
    """
    light, count = 0, 0
    for frame in frames:
        light, count = light + to_light(frame, gamma), count + 1
    return to_values(light / count, gamma)


def expose(patch: np.ndarray, exposure: Exposure, gamma: float = GAMMA) -> np.ndarray:
    """The light that falls on the sensor on average, float32, (height, width, 3).

    The light between the pixels is interpolated by bicubic splines, whose overshoots make values a little
    outside [0, 1].

    Raises:
        ValueError: If the patch is not the picture and its margin.
    """
    size = exposure.height, exposure.width
    check_patch_size(patch.shape[:2], size, exposure.margin)
    light = to_light(patch, gamma).astype(np.float32)
    total = np.zeros((*size, 3), np.float32)
    if exposure.moving_object is None:
        for matrix in exposure.matrices:
            flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
            cv2.accumulate(cv2.warpPerspective(light, matrix, size[::-1], flags=flags), total)
    else:
        coverage = exposure.moving_object.coverage(*size)
        for matrix, (right, down) in zip(exposure.matrices, exposure.moving_object.drift, strict=True):
            x, y = _source_pixels(matrix, *size)
            x += np.float32(right) * coverage
            y += np.float32(down) * coverage
            cv2.accumulate(cv2.remap(light, x, y, cv2.INTER_CUBIC), total)
    return total / len(exposure.matrices)


def middle(patch: np.ndarray, exposure: Exposure) -> np.ndarray:
    """The sharp image: the view of the patch without its margin."""
    top = left = exposure.margin
    return patch[top : top + exposure.height, left : left + exposure.width]


def check_patch_size(patch: tuple[int, int], picture: tuple[int, int], margin: int) -> None:
    """Raises ``ValueError`` if a patch is not the picture (height, width) and its margin."""
    needed = picture[0] + 2 * margin, picture[1] + 2 * margin
    if tuple(patch) != needed:
        raise ValueError(
            f"An exposure of {picture[1]}×{picture[0]} pixels with a margin of {margin} needs a patch of "
            f"{needed[1]}×{needed[0]} pixels, not {patch[1]}×{patch[0]}."
        )


def _source_pixels(matrix: np.ndarray, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    columns, rows = np.arange(width), np.arange(height)[:, None]
    x, y, scale = (a * columns + (b * rows + c) for a, b, c in matrix)
    return (x / scale).astype(np.float32), (y / scale).astype(np.float32)
