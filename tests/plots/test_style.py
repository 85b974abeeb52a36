from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from fcn_plugin.plots.style import label_ends, save_figure, spread

VALUES = st.lists(st.floats(-100, 100), max_size=6)


@given(VALUES)
def test_spread_values_keep_their_order_and_a_gap(values):
    moved = spread(values, gap=1.0)
    pairs = sorted(zip(values, moved, strict=True), key=lambda pair: pair[1])
    assert [value for value, _ in pairs] == sorted(values)
    for (_, lower), (_, upper) in pairwise(pairs):
        assert upper - lower >= 1 - 1e-9


def test_values_that_do_not_touch_stay_and_those_that_do_make_room_around_their_mean():
    assert spread([5.0, 1.0], gap=1.0) == [5.0, 1.0]
    assert spread([2.0, 2.0, 9.0], gap=1.0) == [1.5, 2.5, 9.0]
    assert spread([0.0, 0.2, 1.1], gap=1.0) == pytest.approx([-0.5667, 0.4333, 1.4333], abs=1e-4)


def test_labels_of_curves_that_end_together_are_not_over_each_other():
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1])
    figure.draw_without_rendering()
    label_ends(axes, [(1.0, 0.5, "one", "red"), (1.0, 0.501, "two", "blue"), (1.0, 0.499, "three", "black")])
    figure.draw_without_rendering()
    boxes = {text.get_text(): text.get_window_extent() for text in axes.texts}
    assert boxes["three"].y1 <= boxes["one"].y0
    assert boxes["one"].y1 <= boxes["two"].y0


def test_the_same_figure_is_the_same_two_files(tmp_path):
    contents = []
    for name in ("first", "second"):
        figure = Figure()
        figure.subplots().plot([0, 1], [0, 1])
        paths = save_figure(figure, tmp_path / name / "plot.of.something")
        assert [path.name for path in paths] == ["plot.of.something.png", "plot.of.something.svg"]
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]
    assert contents[0][0].startswith(b"\x89PNG")
    assert b"<svg" in contents[0][1]
