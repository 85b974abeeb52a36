"""Figure 1 of the paper: methods by their PSNR and SSIM."""

import itertools
from collections.abc import Sequence
from textwrap import fill
from typing import NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from fcn_plugin.errors import InputError
from fcn_plugin.plots.labels import Labels
from fcn_plugin.plots.style import COLOURS, DPI, SETTINGS

from .comparison import METRICS, Row, datasets_of
from .model_cards import MEASURED, PUBLISHED, UNKNOWN_SSIM

MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*", "<", ">", "p")
PANEL = (4.2, 3.6)  # inches
TITLE = 44  # characters that a panel is wide
PSNR, *SSIMS = METRICS


class Point(NamedTuple):
    """A row in one panel."""

    row: Row
    ssim: float
    psnr: float


class Panel(NamedTuple):
    """The points of one dataset and one SSIM protocol."""

    dataset: str
    ssim: str
    points: list[Point]


def draw_scatter(rows: Sequence[Row], datasets: Sequence[str] | None = None) -> Figure:
    """Draws a panel per dataset (all if None) and SSIM protocol: two protocols do not compare.

    Published rows have hollow markers, measured ones filled ones. The blurry images are left out: they are so
    far below that all else would be one spot.

    Raises `InputError` when no row has both scores on one of ``datasets``, or on any.
    """
    rows = [row for row in rows if row.restored]
    panels = {
        dataset: [Panel(dataset, name, points) for name in SSIMS if (points := _points(rows, dataset, name))]
        for dataset in datasets_of(rows)
    }
    known = [dataset for dataset, of_dataset in panels.items() if of_dataset]
    missing = [dataset for dataset in datasets or () if dataset not in known]
    if missing or not known:
        wanted = ", ".join(missing) or "any dataset"
        raise InputError(f"nothing to draw for {wanted}: there is {', '.join(known) or 'none'}")
    with matplotlib.rc_context(SETTINGS):
        return _draw(
            [panels[dataset] for dataset in datasets or known],
            list(dict.fromkeys(row.method for row in rows)),
        )


def _points(rows: Sequence[Row], dataset: str, name: str) -> list[Point]:
    scores = ((row, row.score(dataset, name), row.score(dataset, PSNR)) for row in rows)
    return [Point(*score) for score in scores if None not in score]


def _draw(panels: Sequence[Sequence[Panel]], methods: Sequence[str]) -> Figure:
    across = max(map(len, panels))
    figure = Figure((PANEL[0] * across, PANEL[1] * len(panels) + 0.4), dpi=DPI, layout="constrained")
    grid = figure.subplots(len(panels), across, squeeze=False, sharey="row")
    # 7 colours and 11 markers: no two of 77 methods have both in common.
    styles = dict(
        zip(methods, zip(itertools.cycle(COLOURS), itertools.cycle(MARKERS), strict=False), strict=False)
    )
    drawn = []
    for of_dataset, row_of_axes in zip(panels, grid, strict=True):
        for panel, axes in itertools.zip_longest(of_dataset, row_of_axes):
            if panel is None:
                axes.set_axis_off()
            else:
                _draw_panel(axes, panel, styles)
                drawn.append((axes, panel))
    figure.legend(handles=_legend(), loc="outside lower center", ncols=2, frameon=False)
    figure.draw_without_rendering()  # which settles the layout, so that labels can be placed in it
    for axes, panel in drawn:
        labels = Labels(axes)
        for point in panel.points:
            labels.of_point(point.ssim, point.psnr, point.row.method)
    return figure


def _draw_panel(axes: Axes, panel: Panel, styles: dict[str, tuple[str, str]]) -> None:
    for point in panel.points:
        colour, marker = styles[point.row.method]
        filled = point.row.origin == MEASURED
        axes.plot(
            point.ssim,
            point.psnr,
            marker,
            color=colour,
            markerfacecolor=colour if filled else "white",
            markersize=8,
            markeredgewidth=1.5,
            zorder=3,
        )
    axes.set_title(fill(panel.dataset, TITLE))
    axes.set_xlabel("SSIM, protocol unknown" if panel.ssim == UNKNOWN_SSIM else panel.ssim)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_ylabel("PSNR (dB)")
    axes.margins(0.25)
    axes.tick_params(labelleft=True)


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], linestyle="", marker="o", color="0.3", markerfacecolor=face, markersize=8, label=label)
        for label, face in ((PUBLISHED, "white"), (MEASURED, "0.3"))
    ]
