"""How a camera turns while its shutter is open, and what that does to the pixels.

A camera path is an array (sub_frames, 3) of rotation vectors in radians about the x, y and z axes (pitch,
yaw, roll): what the camera has turned since the middle of the exposure.
"""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

# So many cosines that their sum is Gaussian to the eye.
_COSINES = 8


class Window(NamedTuple):
    """The part of a photograph that the camera sees in the middle of the exposure, in pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class RandomMotion:
    """A smooth random motion along several axes, known at every time.

    The velocity along each axis is a sample of a stationary Gaussian process whose correlation falls as a
    Gaussian of the time between two moments: a sum of cosines with random frequencies and phases. It keeps
    its direction for about the correlation time, so a motion that lasts much shorter is straight, and one
    that lasts longer curves and turns back.

    Attributes:
        frequencies: In hertz, (cosines, axes).
        phases: In radians, (cosines, axes).
        speeds: Root mean square velocity along each axis, per second, (axes,).
    """

    frequencies: np.ndarray
    phases: np.ndarray
    speeds: np.ndarray

    @classmethod
    def draw(
        cls, generator: np.random.Generator, speeds: np.ndarray, correlation_time: float
    ) -> "RandomMotion":
        """Draws a motion of these root mean square speeds and this correlation time in seconds."""
        shape = _COSINES, len(speeds)
        frequencies = generator.normal(scale=1 / (2 * np.pi * correlation_time), size=shape)
        return cls(frequencies, generator.uniform(0, 2 * np.pi, shape), np.asarray(speeds, float))

    def __rmul__(self, factor: float) -> "RandomMotion":
        """The same way, ``factor`` times as long."""
        return RandomMotion(self.frequencies, self.phases, factor * self.speeds)

    def displacement(self, times: np.ndarray) -> np.ndarray:
        """The way since time 0, (times, axes): the integral of the velocity, in closed form."""
        moments = np.asarray(times, float)[:, None, None]
        turns = self.frequencies * moments
        ways = moments * np.cos(np.pi * turns + self.phases) * np.sinc(turns)
        return self.speeds * np.sqrt(2 / _COSINES) * ways.sum(axis=1)


def homographies(
    window: Window,
    path: np.ndarray,
    focal_length: float,
    optical_axis: tuple[float, float] | None = None,
) -> np.ndarray:
    """For every sub-frame, the matrix from its pixels to those of the photograph.

    Args:
        window: What the camera sees in the middle of the exposure.
        path: Rotation vectors, (sub_frames, 3).
        focal_length: In pixels.
        optical_axis: The pixel (x, y) of the photograph that the lens points at; the window's centre by
            default.

    Returns:
        Float64, (sub_frames, 3, 3), acting on homogeneous (x, y, 1).
    """
    if optical_axis is None:
        optical_axis = window.left + (window.width - 1) / 2, window.top + (window.height - 1) / 2
    to_pixels = np.diag([focal_length, focal_length, 1.0])
    to_pixels[:2, 2] = np.subtract(optical_axis, (window.left, window.top))
    to_photograph = np.eye(3)
    to_photograph[:2, 2] = window.left, window.top
    rotations = np.stack([cv2.Rodrigues(vector)[0] for vector in np.asarray(path, float)])
    return to_photograph @ to_pixels @ rotations @ np.linalg.inv(to_pixels)


def project(matrices: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where homographies (n, 3, 3) take points (p, 2), each (x, y): (n, p, 2)."""
    homogeneous = np.column_stack([points, np.ones(len(points))])
    projected = homogeneous @ matrices.transpose(0, 2, 1)
    return projected[..., :2] / projected[..., 2:]
