"""How the loss's stage ratios went in the runs of an ablation."""

import statistics
from collections.abc import Mapping, Sequence
from itertools import count, takewhile
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
from matplotlib.figure import Figure

from .style import COLOURS, SETTINGS, label_ends, save_figure

COLUMNS = 3


class RatioHistory(NamedTuple):
    """Of one run: ``iterations``, the ratios at each as a list per stage, and the PSNR it ended with."""

    iterations: list[int]
    ratios: list[list[float]]
    psnr: float | None


def ratio_history(
    training: Sequence[Mapping[str, Any]], validations: Sequence[Mapping[str, Any]]
) -> RatioHistory | None:
    """Reads a run's history from its scalars (`read_scalars`); None if it logged no ratios."""
    logged = [entry for entry in training if "ratio_0" in entry]
    if not logged:
        return None
    names = list(takewhile(logged[0].__contains__, (f"ratio_{stage}" for stage in count())))
    psnr = next((value for name, value in (validations or [{}])[-1].items() if name.endswith("PSNR")), None)
    return RatioHistory(
        [entry["step"] for entry in logged], [[entry[name] for entry in logged] for name in names], psnr
    )


def draw_ratio_curves(histories: Mapping[str, Sequence[RatioHistory]], stem: Path) -> list[Path]:
    """Draws a panel per variant, in it a colour per stage and a line per seed; returns the files' paths.

    A panel's title tells the validation PSNR at the end: its mean over seeds ± their standard deviation.
    """
    columns = min(COLUMNS, len(histories))
    rows = ceil(len(histories) / columns)
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(3.4 * columns, 2.3 * rows + 0.3), layout="constrained")
        panels = list(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat)
        for axes, (variant, runs) in zip(panels, histories.items(), strict=False):
            axes.set_title(f"{variant}\n{_psnr(runs)}", fontsize=9)
            for run in runs:
                for stage, ratios in enumerate(run.ratios):
                    axes.plot(run.iterations, ratios, color=COLOURS[stage % len(COLOURS)], linewidth=1.2)
        for index in range(len(histories), len(panels)):
            panels[index].remove()
            panels[index - columns].xaxis.set_tick_params(labelbottom=True)  # there is none below any more
        figure.supxlabel("iterations", fontsize=9)
        figure.supylabel("ratio of a stage", fontsize=9)
        figure.draw_without_rendering()  # settles limits and sizes
        for axes, runs in zip(figure.axes, histories.values(), strict=True):
            label_ends(axes, _ends(runs))
        return save_figure(figure, stem)


def _ends(runs: Sequence[RatioHistory]) -> list[tuple[float, float, str, str]]:
    first = runs[0]
    return [
        (first.iterations[-1], ratios[-1], f"  stage {stage}", COLOURS[stage % len(COLOURS)])
        for stage, ratios in enumerate(first.ratios)
    ]


def _psnr(runs: Sequence[RatioHistory]) -> str:
    values = [run.psnr for run in runs if run.psnr is not None]
    if not values:
        return ""
    spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.2f}{spread} dB"
