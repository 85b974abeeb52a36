"""Labels beside points of a plot, so that none covers a point or another label."""

from collections.abc import Iterable, Iterator, Sequence
from math import hypot

from matplotlib.axes import Axes
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

FONT_SIZE = 8
GAPS = (8, 14, 22, 32, 44, 58)  # from a marker's centre, in points of print
MARKER = 6  # from a marker's centre to its rim
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def place_labels(axes: Axes, labels: Sequence[tuple[float, float, str]]) -> list[Annotation]:
    """Writes each text beside its point (x, y), as near as there is room; a line joins those further off.

    The axes must have their final limits and place in the figure. Where there is no room at all, a label goes
    where it covers least.
    """
    pixels = axes.figure.dpi / 72  # per point of print
    centres = [axes.transData.transform((x, y)) for x, y, _ in labels]
    taken = [
        _box(*(centre - MARKER * pixels), 2 * MARKER * pixels, 2 * MARKER * pixels) for centre in centres
    ]
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
        extent = Text.get_window_extent(label)  # the annotation's own has the line in it
        places = [
            (gap, offset, _box(*(centre + offset), extent.width, extent.height))
            for gap, offset in _offsets(extent.width, extent.height, pixels)
        ]
        gap, offset, box = min(places, key=lambda place: _covered(place[2], taken, axes.bbox))
        label.set_position((offset[0] / pixels, offset[1] / pixels))
        label.arrow_patch.set_visible(gap > GAPS[0])
        taken.append(box)
        written.append(label)
    return written


def _offsets(width: float, height: float, pixels: float) -> Iterator[tuple[float, tuple[float, float]]]:
    """Gaps, and where a label's lower left corner is from its point, in pixels; the nearest first."""
    for gap in GAPS:
        for right, up in DIRECTIONS:
            step = gap * pixels / hypot(right, up)
            x = right * step - {1: 0, 0: width / 2, -1: width}[right]
            y = up * step - {1: 0, 0: height / 2, -1: height}[up]
            yield gap, (x, y)


def _box(x: float, y: float, width: float, height: float) -> Bbox:
    return Bbox.from_bounds(x, y, width, height)


def _covered(box: Bbox, taken: Iterable[Bbox], inside: Bbox) -> float:
    """How much of a box, in square pixels, lies over others or outside the axes."""
    overlaps = (Bbox.intersection(box, other) for other in taken)
    within = Bbox.intersection(box, inside)
    outside = _area(box) - (_area(within) if within else 0)
    return outside + sum(_area(overlap) for overlap in overlaps if overlap)


def _area(box: Bbox) -> float:
    return box.width * box.height
