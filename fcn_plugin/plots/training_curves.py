"""Validation PSNR of several networks over the time that they had and over the images that they saw."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fcn_plugin.evaluation.metric_names import BLURRY, baselines, psnr_of

from .labels import Labels
from .style import COLOURS, SETTINGS, save_figure

GREY = "#777777"
ROOM = 1.2  # how much further than the longest curve the axis goes, for labels


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
        blurry = baselines(runs[0]["metrics"]).get(metric)
        for axes, unit in ((over_time, "minutes"), (over_images, "thousands")):
            labels = Labels(axes)
            for network, (x, y) in _ends(runs, unit, metric).items():
                labels.of_point(x, y, network, colours[network])
            if blurry is not None:
                labels.of_level(blurry, BLURRY, GREY)
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
        axes.axhline(blurry, color=GREY, linestyle="--", linewidth=1)
    furthest = max(_points(run, unit, metric)[0][-1] for run in runs)
    axes.set_xlim(0, furthest * ROOM)
    axes.margins(y=0.1)


def _ends(runs: Sequence[Mapping[str, Any]], unit: str, metric: str) -> dict[str, tuple[float, float]]:
    """Of each network's first run, where its curve ends."""
    ends: dict[str, tuple[float, float]] = {}
    for run in runs:
        places, values = _points(run, unit, metric)
        ends.setdefault(run["network"], (places[-1], values[-1]))
    return ends
