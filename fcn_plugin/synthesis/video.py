"""Blurry and sharp pairs from a video: neighbouring frames averaged, as GoPro's pairs were made.

Frames are RGB, uint8, (height, width, 3).
"""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from fcn_plugin.errors import InputError
from fcn_plugin.synthesis.exposure import GAMMA, average_in_linear_light

GHOSTING_DISPLACEMENT = 2.0
"""Pixels between neighbouring frames beyond which their average shows edges as separate copies."""
INTERPOLATED_DISPLACEMENT = 1.0
"""Pixels between neighbouring frames that interpolation leaves."""
# The flow of a few pixels, at edges of objects mostly, is far off.
_PERCENTILE = 99.0
# Beyond this even interpolated frames show nothing that was there.
_MOST_INTERPOLATED = 63


@dataclass(frozen=True)
class VideoPair:
    """One pair.

    Attributes:
        first: Number of the first frame that was averaged, from 0.
        frames: How many frames were averaged, interpolated ones not counted.
        displacement: Pixels that all but a hundredth of the picture moved less than between neighbouring
            frames of the video.
        blurry: Their average.
        sharp: The frame in the middle.
    """

    first: int
    frames: int
    displacement: float
    blurry: np.ndarray
    sharp: np.ndarray


class Video:
    """The frames of a video file.

    Args:
        path: Any file that OpenCV's ``VideoCapture`` reads.
        scale: Factor by which frames are made smaller, at most 1.

    Raises:
        InputError: There is no such file, or OpenCV cannot read a frame of it.
    """

    def __init__(self, path: str | os.PathLike, scale: float = 1.0) -> None:
        if not 0 < scale <= 1:
            raise InputError(f"scale must be a factor in (0, 1], not {scale}.")
        self.path, self.scale = Path(path), scale
        if not self.path.is_file():
            raise InputError(f"{path} is not a file; give the path of a video.")
        capture = self._open()
        readable, _ = capture.read()
        self.frame_rate = capture.get(cv2.CAP_PROP_FPS)
        capture.release()
        if not readable:
            raise InputError(f"{path} is not a video that OpenCV can read; convert it to MP4 with H.264.")

    def __iter__(self) -> Iterator[np.ndarray]:
        capture = self._open()
        try:
            while True:
                there, frame = capture.read()
                if not there:
                    return
                if self.scale < 1:
                    frame = cv2.resize(
                        frame, None, fx=self.scale, fy=self.scale, interpolation=cv2.INTER_AREA
                    )
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        finally:
            capture.release()

    def _open(self) -> cv2.VideoCapture:
        return cv2.VideoCapture(str(self.path))


def pairs_from_video(
    video: Video,
    frames: tuple[int, int] = (7, 13),
    gamma: float = GAMMA,
    interpolate: bool = False,
    generator: np.random.Generator | None = None,
) -> Iterator[VideoPair]:
    """Pairs of consecutive frames that do not overlap.

    Args:
        video: Where the frames come from.
        frames: Fewest and most of a pair; an odd number among them is drawn for each.
        gamma: Exponent that turns stored values into light; 1 averages the stored values.
        interpolate: Whether to fill in frames by optical flow where neighbouring ones are farther apart than
            `INTERPOLATED_DISPLACEMENT`.
        generator: Where the numbers of frames are drawn from; needed unless there is one to choose from.

    Raises:
        InputError: There is no odd number to choose from, gamma makes no sense, or the video is shorter than
            a pair.
    """
    check_gamma(gamma)
    counts = odd_counts(frames)

    def draw() -> int:
        return counts[0] if len(counts) == 1 else int(generator.choice(counts))

    count, window, first, read = draw(), [], 0, 0
    for frame in video:
        window.append(frame)
        read += 1
        if len(window) == count:
            flows = [optical_flow(a, b) for a, b in pairwise(window)]
            displacement = max(displacement_of(flow) for flow in flows)
            shown = fill_in(window, flows, displacement) if interpolate else window
            blurry = average_in_linear_light(shown, gamma)
            yield VideoPair(first, count, displacement, blurry, window[count // 2])
            count, window, first = draw(), [], read
    if first == 0:
        raise InputError(f"{video.path} has {read} frames, fewer than the {count} of a pair; choose fewer.")


def odd_counts(frames: tuple[int, int]) -> list[int]:
    """The numbers of frames, from the fewest to the most, that have one in the middle.

    Raises:
        InputError: There are none.
    """
    counts = [count for count in range(frames[0], frames[1] + 1) if count % 2 and count >= 3]
    if not counts:
        raise InputError(
            f"{frames[0]} to {frames[1]} frames hold no odd number from 3 up; a pair needs a middle frame."
        )
    return counts


def check_gamma(gamma: float) -> float:
    """Returns a gamma that makes sense.

    Raises:
        InputError: It makes none.
    """
    if not 0.1 <= gamma <= 10:
        raise InputError(f"gamma must be from 0.1 to 10, not {gamma}; 1 averages the stored values.")
    return gamma


def optical_flow(frame: np.ndarray, following: np.ndarray) -> np.ndarray:
    """How far each pixel of ``frame`` has gone in ``following``, float32, (height, width, 2), each (x, y)."""
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (frame, following)]
    return flow.calc(*grey, None)


def displacement_of(flow: np.ndarray) -> float:
    """Pixels that all but a hundredth of the picture moves less than."""
    return float(np.percentile(np.linalg.norm(flow, axis=2), _PERCENTILE))


def fill_in(
    frames: Sequence[np.ndarray], flows: Sequence[np.ndarray], displacement: float
) -> Iterator[np.ndarray]:
    """The frames, with as many between all neighbours as make them `INTERPOLATED_DISPLACEMENT` apart."""
    between = min(math.ceil(displacement / INTERPOLATED_DISPLACEMENT) - 1, _MOST_INTERPOLATED)
    for (frame, following), flow in zip(pairwise(frames), flows, strict=True):
        yield frame
        if between > 0:
            backward = optical_flow(following, frame)
            for number in range(1, between + 1):
                yield interpolate_frame(frame, following, flow, backward, number / (between + 1))
    yield frames[-1]


def interpolate_frame(
    frame: np.ndarray, following: np.ndarray, forward: np.ndarray, backward: np.ndarray, time: float
) -> np.ndarray:
    """The frame at ``time`` in (0, 1) between two, each warped there along the flows between them.

    The flows from the moment between are put together of both as in Super SloMo (Jiang et al., CVPR 2018,
    equation 4).
    """
    to_frame = (1 - time) * -time * forward + time * time * backward
    to_following = (1 - time) ** 2 * forward - time * (1 - time) * backward
    warped = [_warp(frame, to_frame), _warp(following, to_following)]
    return cv2.addWeighted(warped[0], 1 - time, warped[1], time, 0)


def ghosting_warning(video: Video, displacements: Sequence[float]) -> str | None:
    """A sentence where frames are too far apart to be averaged without copies of edges; None elsewhere."""
    longest = max(displacements)
    if longest <= GHOSTING_DISPLACEMENT:
        return None
    ghosting = sum(displacement > GHOSTING_DISPLACEMENT for displacement in displacements)
    return (
        f"{video.path} ({video.frame_rate:.0f} frames/s) moves up to {longest:.1f} pixels from one frame to "
        f"the next, so {ghosting} of {len(displacements)} pairs may show edges as separate copies: film with "
        f"{video.frame_rate * longest / GHOSTING_DISPLACEMENT:.0f} frames/s, give a smaller --scale, or "
        "--interpolate."
    )


def _warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """What lies ``flow`` away from each pixel of ``image``."""
    rows, columns = np.indices(flow.shape[:2], np.float32)
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    return cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
