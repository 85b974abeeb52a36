"""What all plots have in common: colours, names at the ends of curves, and files in two formats."""

import io
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fcn_plugin.files import write_atomically

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which people with any kind of colour vision tell apart; the darker ones first."""

LINES = ("solid", "dashed", "dotted")
"""What tells things of one colour apart, by the names that matplotlib and CSS have for it."""

FORMATS = ("png", "svg")
DPI = 150
SETTINGS = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E5E5E5",
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "fcn_plugin",  # the same plot is the same file
}


def line_looks() -> Iterator[tuple[str, str]]:
    """Endless pairs of a line's style and colour, each colour once before any comes again."""
    return itertools.cycle(itertools.product(LINES, COLOURS))


def save_figure(figure: Figure, stem: Path) -> list[Path]:
    """Writes a figure to ``stem`` as PNG and as SVG, each whole or not at all; returns their paths."""
    paths = [stem.with_name(f"{stem.name}.{kind}") for kind in FORMATS]
    for path, kind in zip(paths, FORMATS, strict=True):
        write_atomically(path, figure_bytes(figure, kind))
    return paths


def figure_bytes(figure: Figure, kind: str, dpi: float = DPI) -> bytes:
    """A figure as the content of a file of one of the ``FORMATS``."""
    buffer = io.BytesIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(
            buffer, format=kind, dpi=dpi, metadata={"Date": None} if kind == "svg" else {"Software": None}
        )
    return buffer.getvalue()


def label_ends(axes: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Writes names to the right of where curves end: (x, y, name, colour), none over another.

    To be called when all curves are drawn and the axes' limits are final.
    """
    height = axes.get_window_extent().height * 72 / axes.figure.dpi  # in points
    low, high = axes.get_ylim()
    gap = 1.15 * matplotlib.rcParams["font.size"] * (high - low) / height
    heights = spread([y for _, y, _, _ in ends], gap)
    for place, index in enumerate(sorted(range(len(ends)), key=heights.__getitem__)):
        heights[index] = max(heights[index], low + gap * (place + 0.5))  # not over what is below the axes
    for (x, y, name, colour), place in zip(ends, heights, strict=True):
        axes.annotate(
            name,
            (x, y),
            xytext=(x, place),
            textcoords=("data", "data"),
            color=colour,
            va="center",
            ha="left",
            annotation_clip=False,
        )


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Moves values as little as keeps their order and puts ``gap`` or more between any two.

    Those that would touch become a block around their mean.
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    blocks: list[list[int]] = []

    def centre(block: list[int]) -> float:
        return sum(values[index] for index in block) / len(block)

    for index in order:
        blocks.append([index])
        while len(blocks) > 1:
            lower, upper = blocks[-2:]
            if centre(upper) - centre(lower) >= gap * (len(lower) + len(upper)) / 2:
                break
            blocks[-2:] = [lower + upper]
    moved = [0.0] * len(values)
    for block in blocks:
        for place, index in enumerate(block):
            moved[index] = centre(block) + gap * (place - (len(block) - 1) / 2)
    return moved
