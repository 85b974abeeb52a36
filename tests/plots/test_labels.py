import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from fcn_plugin.plots.labels import MARKER, Labels


@pytest.mark.parametrize("seed", range(3))
def test_labels_cover_neither_each_other_nor_points(seed):
    generator = np.random.default_rng(seed)
    figure = Figure((4, 3), dpi=100)
    axes = figure.subplots()
    # A clump of points that lie nearly on one another, and a few elsewhere.
    points = np.concatenate([generator.normal(0.5, 0.01, (5, 2)), generator.random((4, 2))])
    axes.plot(*points.T, "o")
    axes.set(xlim=(-0.3, 1.3), ylim=(-0.3, 1.3))
    figure.draw_without_rendering()
    labels = Labels(axes)
    written = [labels.of_point(x, y, f"method {index}") for index, (x, y) in enumerate(points)]
    figure.draw_without_rendering()
    boxes = [Text.get_window_extent(label) for label in written]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    pixels = MARKER * figure.dpi / 72
    for box, point in itertools.product(boxes, axes.transData.transform(points)):
        beside = np.maximum([box.x0, box.y0] - point, point - [box.x1, box.y1])
        assert beside.max() >= pixels - 1e-6
    for box in boxes:
        assert axes.bbox.containsx(box.x0)
        assert axes.bbox.containsy(box.y1)
    assert {label.get_text() for label in written} == {f"method {index}" for index in range(len(points))}


def test_a_label_that_is_far_from_its_point_is_joined_to_it():
    figure = Figure((4, 3), dpi=100)
    axes = figure.subplots()
    axes.plot(0.5, 0.5, "o")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    figure.draw_without_rendering()
    labels = Labels(axes)
    written = [labels.of_point(0.5, 0.5, f"one of twelve in one place, {index}") for index in range(12)]
    joined = [label.arrow_patch.get_visible() for label in written]
    assert not joined[0]
    assert any(joined)


def test_labels_lie_over_no_curve():
    figure = Figure((6, 4), dpi=100)
    axes = figure.subplots()
    ramp = np.linspace(0, 1, 50)
    axes.plot(ramp, np.sin(9 * ramp), color="blue")
    axes.plot(ramp[:25], np.sin(9 * ramp[:25] - 0.2), color="red")  # ends in the midst of the other
    axes.axhline(0.0, linestyle="--")
    axes.set(xlim=(0, 1.2), ylim=(-1.5, 1.5))
    figure.draw_without_rendering()
    labels = Labels(axes)
    written = [
        labels.of_point(ramp[24], np.sin(9 * ramp[24] - 0.2), "the shorter of the two", "red"),
        labels.of_point(1.0, np.sin(9.0), "the longer", "blue"),
        labels.of_level(0.0, "zero"),
    ]
    assert [label.get_color() for label in written] == ["red", "blue", "black"]
    for label in written:
        box = Text.get_window_extent(label)
        for line in axes.lines:
            points = line.get_transform().transform(line.get_xydata())
            for start, end in itertools.pairwise(points):
                for x, y in np.linspace(start, end, 50):
                    assert not (box.x0 < x < box.x1 and box.y0 < y < box.y1), label.get_text()
