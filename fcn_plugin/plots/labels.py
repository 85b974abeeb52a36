"""Labels in plots, so that none covers a point, a curve, another label or its line."""

from collections.abc import Iterator
from itertools import pairwise
from math import hypot

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text

FONT_SIZE = 8
GAPS = (8, 14, 22, 32, 44, 58)  # from a point to its label, in points of print
MARKER = 6  # from a marker's centre to its rim
CURVE = 2  # from a curve's middle to what is beside it
AIR = 1  # around a text, whose extent changes by up to a pixel with its place
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
SHARES = (0.02, 0.25, 0.5, 0.75, 0.98)  # of the axes' width, where the label of a level may be


class Labels:
    """Writes labels into axes, each where it covers nothing that is there already or, failing that, least.

    The axes must have their final limits and place in the figure, and all their curves and points.
    """

    def __init__(self, axes: Axes):
        self.axes = axes
        self.pixels = axes.figure.dpi / 72  # per point of print
        # Boxes are rows of left, bottom, right and top, in pixels.
        self.taken = np.concatenate([np.empty((0, 4)), *(_line(line, self.pixels) for line in axes.lines)])

    def of_point(self, x: float, y: float, text: str, colour: str = "black") -> Annotation:
        """Writes a text beside a point, as near as there is room; a line joins one further off."""
        label = self.axes.annotate(
            text,
            (x, y),
            xytext=(0, 0),
            textcoords="offset points",
            va="bottom",
            color=colour,
            fontsize=FONT_SIZE,
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.7, "shrinkA": 0, "shrinkB": MARKER},
        )
        centre = self.axes.transData.transform((x, y))
        boxes = self._place(label, centre, _around(centre, self._size(label), self.pixels))
        label.arrow_patch.set_visible(len(boxes) > 1)
        return label

    def of_level(self, y: float, text: str, colour: str = "black") -> Annotation:
        """Writes a text above or below the line that crosses the axes at a height."""
        label = self.axes.annotate(
            text,
            (0, y),
            xycoords=("axes fraction", "data"),
            xytext=(0, 0),
            textcoords="offset points",
            va="bottom",
            color=colour,
            fontsize=FONT_SIZE,
        )
        corner = np.array([self.axes.bbox.x0, self.axes.transData.transform((0, y))[1]])
        self._place(label, corner, self._along(corner, self._size(label)))
        return label

    def _size(self, label: Annotation) -> np.ndarray:
        # The annotation's own extent has its line in it.
        return np.array(Text.get_window_extent(label).size) + 2 * AIR * self.pixels

    def _place(self, label: Annotation, origin: np.ndarray, places: Iterator[np.ndarray]) -> np.ndarray:
        inside = self.axes.bbox.extents
        boxes = min(places, key=lambda boxes: _covered(boxes, self.taken, inside))
        label.set_position((boxes[0, :2] + AIR * self.pixels - origin) / self.pixels)
        self.taken = np.concatenate([self.taken, boxes])
        return boxes

    def _along(self, corner: np.ndarray, size: np.ndarray) -> Iterator[np.ndarray]:
        for share in SHARES:
            left = corner[0] + share * (self.axes.bbox.width - size[0])
            for bottom in (corner[1] + CURVE * self.pixels, corner[1] - CURVE * self.pixels - size[1]):
                yield np.array([[left, bottom, left + size[0], bottom + size[1]]])


def _line(line: Line2D, pixels: float) -> np.ndarray:
    """Boxes that cover a line and its markers."""
    points = line.get_transform().transform(line.get_xydata())
    reach = (line.get_markersize() / 2 + CURVE) * pixels
    boxes = [_squares(points, reach)] if line.get_marker() not in ("None", "", None) else []
    if line.get_linestyle() != "None":
        boxes += [_squares(_dots(*ends), CURVE * pixels) for ends in pairwise(points)]
    return np.concatenate([np.empty((0, 4)), *boxes])


def _squares(centres: np.ndarray, reach: float) -> np.ndarray:
    return np.concatenate([centres - reach, centres + reach], axis=1)


def _dots(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Points on a straight line, two pixels from each other."""
    number = int(np.linalg.norm(end - start) / 2) + 1
    return np.linspace(start, end, number)


def _around(centre: np.ndarray, size: np.ndarray, pixels: float) -> Iterator[np.ndarray]:
    """The boxes that a label would take, the nearest first: its own and, unless it is near, its line's."""
    for gap in GAPS:
        for direction in DIRECTIONS:
            step = np.array(direction) * gap * pixels / hypot(*direction)
            corner = centre + step + (np.sign(direction) - 1) * size / 2
            box = np.array([*corner, *(corner + size)])
            yield np.stack([box, *_leader(centre, box, pixels)]) if gap > GAPS[0] else box[None]


def _leader(centre: np.ndarray, label: np.ndarray, pixels: float) -> Iterator[np.ndarray]:
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
