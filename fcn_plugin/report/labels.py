"""Labels beside points of a plot, so that none covers a point, another label or its line."""

from collections.abc import Iterator, Sequence
from math import hypot

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Annotation, Text

FONT_SIZE = 8
GAPS = (8, 14, 22, 32, 44, 58)  # from a marker's centre, in points of print
MARKER = 6  # from a marker's centre to its rim
AIR = 1  # around a text, whose extent changes by up to a pixel with its place
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def place_labels(axes: Axes, labels: Sequence[tuple[float, float, str]]) -> list[Annotation]:
    """Writes each text beside its point (x, y), as near as there is room; a line joins those further off.

    The axes must have their final limits and place in the figure. Where there is no room at all, a label goes
    where it covers least.
    """
    pixels = axes.figure.dpi / 72  # per point of print
    inside = axes.bbox.extents
    centres = [axes.transData.transform((x, y)) for x, y, _ in labels]
    reach = MARKER * pixels
    # Boxes are rows of left, bottom, right and top, in pixels.
    taken = np.array([[*(centre - reach), *(centre + reach)] for centre in centres]).reshape(-1, 4)
    written = []
    for (x, y, text), centre in zip(labels, centres, strict=True):
        label = axes.annotate(
            text,
            (x, y),
            xytext=(0, 0),
            textcoords="offset points",
            va="bottom",
            fontsize=FONT_SIZE,
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.7, "shrinkA": 0, "shrinkB": MARKER},
        )
        air = AIR * pixels
        # The annotation's own extent has the line in it.
        size = np.array(Text.get_window_extent(label).size) + 2 * air
        places = list(_places(centre, size, pixels))
        boxes = min(places, key=lambda boxes: _covered(boxes, taken, inside))
        label.set_position((boxes[0, :2] + air - centre) / pixels)
        label.arrow_patch.set_visible(len(boxes) > 1)
        taken = np.concatenate([taken, boxes])
        written.append(label)
    return written


def _places(centre: np.ndarray, size: np.ndarray, pixels: float) -> Iterator[np.ndarray]:
    """The boxes that a label would take, the nearest first: its own and, unless it is near, its line's."""
    for gap in GAPS:
        for direction in DIRECTIONS:
            step = np.array(direction) * gap * pixels / hypot(*direction)
            corner = centre + step + (np.sign(direction) - 1) * size / 2
            box = np.array([*corner, *(corner + size)])
            yield np.stack([box, *_line(centre, box, pixels)]) if gap > GAPS[0] else box[None]


def _line(centre: np.ndarray, label: np.ndarray, pixels: float) -> Iterator[np.ndarray]:
    """Dots on the line between a marker and its label, out of the reach of both."""
    to_label = (label[:2] + label[2:]) / 2 - centre
    length = np.linalg.norm(to_label)
    for distance in np.arange(2 * MARKER * pixels, length, 2 * pixels):
        dot = centre + to_label * distance / length
        if (dot < label[:2]).any() or (dot > label[2:]).any():
            yield np.array([*dot, *(dot + pixels)])


def _covered(boxes: np.ndarray, taken: np.ndarray, inside: np.ndarray) -> float:
    """How much of boxes, in square pixels, lies over those that are taken or outside the axes."""
    overlaps = _areas(
        np.maximum(boxes[:, None, :2], taken[:, :2]), np.minimum(boxes[:, None, 2:], taken[:, 2:])
    )
    within = _areas(np.maximum(boxes[:, :2], inside[:2]), np.minimum(boxes[:, 2:], inside[2:]))
    return overlaps.sum() + (_areas(boxes[:, :2], boxes[:, 2:]) - within).sum()


def _areas(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return (high - low).clip(min=0).prod(axis=-1)
