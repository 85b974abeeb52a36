"""Validation PSNR of several networks over the time that they had and over the images that they saw."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fcn_plugin.evaluation.metric_names import BLURRY, baselines, psnr_of

from .style import COLOURS, SETTINGS, label_ends, save_figure


def draw_training_curves(runs: Sequence[Mapping[str, Any]], stem: Path) -> list[Path]:
    """Draws what `gather` has returned, a colour per network and a line per seed; returns the files' paths.

    The dashed line is the blurry images' PSNR, where validation measured it.
    """
    metric = psnr_of(runs[0]["metrics"])
    networks = list(dict.fromkeys(run["network"] for run in runs))
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(networks)}
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(9, 4), layout="constrained")
        over_time, over_images = figure.subplots(1, 2, sharey=True)
        _draw(over_time, runs, "minutes", metric, colours)
        _draw(over_images, runs, "thousands", metric, colours)
        over_time.set(
            xlabel=f"minutes of training ({runs[0]['budget']['clock']} time)", ylabel=f"{metric}, dB"
        )
        over_images.set(xlabel="thousands of images seen")
        figure.draw_without_rendering()  # settles limits and sizes
        for axes, unit in ((over_time, "minutes"), (over_images, "thousands")):
            label_ends(axes, _ends(runs, unit, metric, colours))
        return save_figure(figure, stem)


def _points(run: Mapping[str, Any], unit: str, metric: str) -> tuple[list[float], list[float]]:
    curve = run["record"]["curve"]
    places = {"minutes": ("seconds", 60), "thousands": ("images", 1000)}
    name, divisor = places[unit]
    return [point[name] / divisor for point in curve], [point[metric] for point in curve]


def _draw(
    axes: Axes, runs: Sequence[Mapping[str, Any]], unit: str, metric: str, colours: Mapping[str, str]
) -> None:
    for run in runs:
        axes.plot(*_points(run, unit, metric), color=colours[run["network"]], marker="o", markersize=3)
    blurry = baselines(runs[0]["metrics"]).get(metric)
    if blurry is not None:
        axes.axhline(blurry, color="#777777", linestyle="--", linewidth=1)
        axes.annotate(
            BLURRY,
            (0, blurry),
            xycoords=("axes fraction", "data"),
            xytext=(3, 3),
            textcoords="offset points",
            color="#777777",
        )
    axes.set_xlim(left=0)


def _ends(
    runs: Sequence[Mapping[str, Any]], unit: str, metric: str, colours: Mapping[str, str]
) -> list[tuple[float, float, str, str]]:
    """Of each network's first run, where its curve ends."""
    ends = {}
    for run in runs:
        places, values = _points(run, unit, metric)
        ends.setdefault(
            run["network"], (places[-1], values[-1], f"  {run['network']}", colours[run["network"]])
        )
    return list(ends.values())
