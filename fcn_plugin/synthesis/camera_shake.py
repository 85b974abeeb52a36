"""How hands shake a camera: the distribution that exposures are drawn from."""

from dataclasses import dataclass

import numpy as np

from fcn_plugin.synthesis.camera_path import RandomMotion, Window, homographies, project
from fcn_plugin.synthesis.exposure import Exposure, MovingObject
from fcn_plugin.synthesis.parameters import check_interval, check_number

FEWEST_SUB_FRAMES = 7
# Pixels beyond `reach`: two that bicubic interpolation reads, and one since the angles of a path and the
# pixels it reaches are not quite proportional.
_ALLOWANCE = 3
# Moments at which a path is looked at to find its reach and its fastest step.
_MOMENTS = 65


@dataclass(frozen=True)
class CameraShake:
    """The motion of a hand-held camera during an exposure, each number with its physical meaning.

    The camera turns about its three axes; at a distance of some metres the small shifts of a hand look
    like turns too. How fast differs from picture to picture over more than a decade, how the motion bends
    does as well. The defaults blur photographs as strongly as the pairs of GoPro and REDS are blurred.

    Attributes:
        focal_length: In pixels of the photograph as it is cropped. 1000 is a field of view of 65° across
            1280 pixels.
        exposure_time: Shortest and longest, in seconds; drawn uniformly. GoPro's pairs last 7 to 13 frames
            of 1/240 s.
        speed: Median over the pictures of the root mean square speed of pitch and of yaw, in radians per
            second.
        speed_spread: Standard deviation of the speed's natural logarithm; 0 for the same speed always.
        roll: Root mean square speed of roll, relative to that of pitch and yaw.
        correlation_time: Shortest and longest time for which the motion keeps its direction, in seconds;
            its logarithm is drawn uniformly. Below the exposure time paths curve and turn back.
        reach: Farthest that a pixel moves from its place in the middle of the exposure, in pixels along
            either side of the picture. A path that goes farther is made smaller.
        step: Largest distance between two neighbouring sub-frames, in pixels; beyond about 1, edges show
            as separate copies.
        moving_objects: Probability that a part of the picture moves by itself.
        object_speed: Median of its root mean square speed, relative to the camera's.

    Raises:
        InputError: A number is out of its range.
    """

    focal_length: float = 1000.0
    exposure_time: tuple[float, float] = (7 / 240, 13 / 240)
    speed: float = 0.3
    speed_spread: float = 0.3
    roll: float = 0.5
    correlation_time: tuple[float, float] = (0.02, 0.2)
    reach: int = 32
    step: float = 1.0
    moving_objects: float = 0.0
    object_speed: float = 1.0

    def __post_init__(self) -> None:
        for name in ("focal_length", "speed", "reach", "step", "object_speed"):
            check_number(self, name, 1e-3)
        for name in ("speed_spread", "roll"):
            check_number(self, name, 0)
        for name in ("exposure_time", "correlation_time"):
            check_interval(self, name, 1e-6)
        check_number(self, "moving_objects", 0, 1)

    @property
    def margin(self) -> int:
        """Pixels of the photograph that an exposure needs on every side of the picture."""
        return int(np.ceil(self.reach)) + _ALLOWANCE

    def draw(
        self, generator: np.random.Generator, window: Window, photograph_size: tuple[int, int]
    ) -> Exposure:
        """Draws what the camera does during one exposure.

        Args:
            generator: Where all random numbers come from.
            window: The picture's place in the photograph, its margin not included.
            photograph_size: Height and width of the photograph, in whose middle the optical axis is.
        """
        speed = self.speed * np.exp(self.speed_spread * generator.normal())
        exposure_time = generator.uniform(*self.exposure_time)
        correlation_time = np.exp(generator.uniform(*np.log(self.correlation_time)))
        turn = RandomMotion.draw(generator, speed * np.array([1, 1, self.roll]), correlation_time)
        patch = Window(self.margin, self.margin, window.width, window.height)
        photograph_height, photograph_width = photograph_size
        optical_axis = (
            (photograph_width - 1) / 2 - window.left + self.margin,
            (photograph_height - 1) / 2 - window.top + self.margin,
        )

        def matrices(motion: RandomMotion, times: np.ndarray) -> np.ndarray:
            return homographies(patch, motion.displacement(times), self.focal_length, optical_axis)

        moving = generator.random() < self.moving_objects
        object_speed = speed * self.focal_length * self.object_speed if moving else 0.0
        drift = RandomMotion.draw(generator, np.full(2, object_speed), correlation_time)

        moments = np.linspace(-exposure_time / 2, exposure_time / 2, _MOMENTS)
        corners = np.array([[x, y] for x in (0, patch.width - 1) for y in (0, patch.height - 1)])
        # Twice, since far paths are by no means proportional to their angles.
        for _ in range(2):
            ways = project(matrices(turn, moments), corners) - corners - self.margin
            drifts = drift.displacement(moments)
            farthest = np.abs(ways).max() + np.abs(drifts).max()
            size = min(1.0, self.reach / farthest)
            turn, drift = size * turn, size * drift

        longest_step = size * (_longest_step(ways) + _longest_step(drifts[:, None]))
        pairs_of_sub_frames = np.ceil(longest_step * (_MOMENTS - 1) / self.step / 2)
        sub_frames = max(FEWEST_SUB_FRAMES, 2 * int(pairs_of_sub_frames) + 1)
        times = np.linspace(-exposure_time / 2, exposure_time / 2, sub_frames)
        moving_object = None
        if moving:
            moving_object = _random_object(generator, window, drift.displacement(times))
        return Exposure(window.height, window.width, self.margin, matrices(turn, times), moving_object)


def _random_object(generator: np.random.Generator, window: Window, drift: np.ndarray) -> MovingObject:
    """An ellipse somewhere in the picture, as broad as a tenth of it up to half of it."""
    sides = np.array([window.width, window.height])
    centre = generator.uniform(0, 1, 2) * sides
    radii = np.exp(generator.uniform(np.log(0.1), np.log(0.5), 2)) * sides
    angle = generator.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    outline = turn / radii[:, None]
    # A broad enough edge that the picture is squeezed there, but never folded over itself.
    softness = max(0.2, 2 * np.abs(drift).max() / radii.min())
    return MovingObject(np.column_stack([outline, -outline @ centre]), softness, drift)


def _longest_step(ways: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(ways, axis=0), axis=-1).max())
