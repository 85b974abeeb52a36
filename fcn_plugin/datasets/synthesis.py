"""Blurry and sharp pairs from one still photograph, the way a shaken camera makes them.

A camera turns about its centre while the shutter is open: every moment of the exposure is one sub-frame,
and the sensor adds their light up. The sharp image is the sub-frame in the middle of the exposure, so
both images of a pair are aligned.

Photographs and frames are RGB, uint8, (height, width, 3). A camera path is an array (sub_frames, 3) of
rotation vectors in radians about the x, y and z axes (pitch, yaw, roll), zero in the middle of the exposure.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.polynomial import legendre

from fcn_plugin.errors import InputError

# Source pixels that Lanczos interpolation reads on each side of a point.
_INTERPOLATION_REACH = 4


class Window(NamedTuple):
    """The part of a photograph that the camera sees in the middle of the exposure, in pixels."""

    left: int
    top: int
    width: int
    height: int


def random_camera_path(
    generator: np.random.Generator,
    sub_frames: int,
    sweep: float,
    direction: float,
    roll: float,
    tremor: float = 0.3,
) -> np.ndarray:
    """A smooth path: a steady turn in one direction, some random roll and a hand's tremor.

    Args:
        generator: Where roll and tremor are drawn from.
        sub_frames: Moments of the exposure; odd, so that there is a middle one.
        sweep: Angle of the turn from the first sub-frame to the last, in radians.
        direction: Where the optical axis moves on the photograph, in radians: 0 is right, pi / 2 is down.
        roll: Standard deviation of the turn about the optical axis over the exposure, in radians.
        tremor: Standard deviation of the uneven parts of the velocity, relative to the steady one.

    Returns:
        Rotation vectors, float64, (sub_frames, 3), zero in the middle.

    Raises:
        ValueError: If ``sub_frames`` is even or smaller than 3.
    """
    if sub_frames < 3 or sub_frames % 2 == 0:
        raise ValueError(f"sub_frames must be odd and at least 3, not {sub_frames}.")
    steady = np.array([-np.sin(direction) * sweep, np.cos(direction) * sweep, generator.normal() * roll])
    uneven = generator.normal(size=(2, 3)) * tremor * np.array([sweep, sweep, roll])
    # Over an exposure from -1 to 1, Legendre polynomials but the first come to nothing: tremor changes the
    # way from the first to the last sub-frame, not these two.
    velocity = np.stack([steady, *uneven]) / 2
    return legendre.legval(np.linspace(-1, 1, sub_frames), legendre.legint(velocity)).T


def homographies(window: Window, path: np.ndarray, focal_length: float) -> np.ndarray:
    """For every sub-frame, the matrix from its pixels to those of the photograph.

    Args:
        window: What the camera sees in the middle of the exposure; its centre is on the optical axis.
        path: Rotation vectors, (sub_frames, 3).
        focal_length: In pixels.

    Returns:
        Float64, (sub_frames, 3, 3), acting on homogeneous (x, y, 1).
    """
    principal_point = np.array([(window.width - 1) / 2, (window.height - 1) / 2])
    to_pixels = np.diag([focal_length, focal_length, 1.0])
    to_pixels[:2, 2] = principal_point
    to_photograph = np.eye(3)
    to_photograph[:2, 2] = window.left, window.top
    rotations = np.stack([cv2.Rodrigues(vector)[0] for vector in path])
    return to_photograph @ to_pixels @ rotations @ np.linalg.inv(to_pixels)


def render_exposure(
    photograph: np.ndarray, window: Window, path: np.ndarray, focal_length: float
) -> list[np.ndarray]:
    """The sub-frames that the camera sees along its path, each (window.height, window.width, 3).

    Raises:
        InputError: If the camera looks past the photograph's edge on its way.
    """
    matrices = homographies(window, path, focal_length)
    _check_coverage(photograph, window, matrices)
    return [
        cv2.warpPerspective(
            photograph,
            matrix,
            (window.width, window.height),
            flags=cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP,
        )
        for matrix in matrices
    ]


def average_in_linear_light(frames: Sequence[np.ndarray], gamma: float = 2.2) -> np.ndarray:
    """The image that a sensor records while ``frames`` pass before it.

    Args:
        frames: At least one, all of one shape, uint8.
        gamma: Exponent that turns stored values into light; 1 averages the stored values.

    Returns:
        uint8, of the frames' shape, rounded to nearest.
    """
    light_of_value = (np.arange(256) / 255) ** gamma
    light = sum(light_of_value[frame] for frame in frames) / len(frames)
    return np.rint(255 * light ** (1 / gamma)).astype(np.uint8)


def blurry_and_sharp(
    photograph: np.ndarray, window: Window, path: np.ndarray, focal_length: float, gamma: float = 2.2
) -> tuple[np.ndarray, np.ndarray]:
    """One aligned pair, each (window.height, window.width, 3): the whole exposure and its middle sub-frame.

    Raises:
        InputError: If the camera looks past the photograph's edge on its way.
    """
    frames = render_exposure(photograph, window, path, focal_length)
    return average_in_linear_light(frames, gamma), frames[len(frames) // 2]


def _check_coverage(photograph: np.ndarray, window: Window, matrices: np.ndarray) -> None:
    right, bottom = window.width - 1, window.height - 1
    corners = np.array([[0, 0, 1], [right, 0, 1], [0, bottom, 1], [right, bottom, 1]], dtype=float).T
    x, y, scale = np.moveaxis(matrices @ corners, 1, 0)
    points = np.stack([x / scale, y / scale])
    height, width = photograph.shape[:2]
    lowest = points.min(axis=(1, 2)) - _INTERPOLATION_REACH
    highest = points.max(axis=(1, 2)) + _INTERPOLATION_REACH
    if (lowest < 0).any() or (highest > [width - 1, height - 1]).any():
        raise InputError(
            f"The camera's path leaves the photograph of {width}x{height} pixels: it sees columns "
            f"{lowest[0]:.0f} to {highest[0]:.0f} and rows {lowest[1]:.0f} to {highest[1]:.0f}; "
            "choose a smaller window or a shorter path."
        )
