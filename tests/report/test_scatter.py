import pytest

from fcn_plugin.errors import InputError
from fcn_plugin.plots.style import figure_bytes
from fcn_plugin.report.comparison import comparison_rows, measurement_row
from fcn_plugin.report.measurement import read_measurement
from fcn_plugin.report.model_cards import read_model_cards
from fcn_plugin.report.scatter import draw_scatter


@pytest.fixture
def rows(write_results):
    return comparison_rows(read_model_cards(), [measurement_row(read_measurement(write_results()))])


def panels(figure):
    """Per panel that is drawn: title, what is across, and each label's point with whether it is filled."""
    found = {}
    for axes in figure.axes:
        points = {
            (round(x, 4), round(y, 2)): line.get_markerfacecolor() != "white"
            for line in axes.lines
            for x, y in [line.get_xydata()[0]]
        }
        if points:
            found[axes.get_title(), axes.get_xlabel()] = {
                label.get_text(): (*label.xy, points[round(label.xy[0], 4), round(label.xy[1], 2)])
                for label in axes.texts
            }
    return found


def test_every_protocol_has_a_panel_of_its_own_in_which_measured_points_are_filled(rows):
    found = panels(draw_scatter(rows))
    assert found.keys() == {
        ("GoPro", "SSIM-matlab"),
        ("GoPro", "SSIM-per-channel"),
        ("GoPro", "SSIM, protocol unknown"),
        ("HIDE", "SSIM-matlab"),
        ("HIDE", "SSIM, protocol unknown"),
    }
    matlab = found["GoPro", "SSIM-matlab"]
    assert matlab["fcn_gopro"] == (0.95, 31.5, True)
    assert matlab["MPRNet"] == (0.959, 32.66, False)
    assert "FCN (paper)" not in matlab
    assert found["GoPro", "SSIM, protocol unknown"]["FCN (paper)"] == (0.972, 33.32, False)
    assert found["GoPro", "SSIM-per-channel"].keys() == {"fcn_gopro"}
    assert not any("blurry" in name for panel in found.values() for name in panel)


def test_a_method_looks_alike_in_every_panel(rows):
    looks = {}
    for axes in draw_scatter(rows).axes:
        for line, label in zip(axes.lines, axes.texts, strict=True):
            looks.setdefault(label.get_text(), set()).add((line.get_color(), line.get_marker()))
    assert all(len(look) == 1 for look in looks.values())
    assert len(set.union(*looks.values())) == len(looks)


def test_datasets_are_chosen_and_unknown_ones_named(rows):
    assert {title for title, _ in panels(draw_scatter(rows, ["HIDE"]))} == {"HIDE"}
    with pytest.raises(InputError, match="nothing to draw for REDS: there is GoPro, HIDE"):
        draw_scatter(rows, ["HIDE", "REDS"])


def test_long_names_of_datasets_fit_into_their_panels(write_results):
    facts = "dataset=REDS, split=val, blur=frames averaged in linear light, storage=lmdb, 3000 pairs"
    metrics = {"REDS/PSNR": 30.0, "REDS/SSIM-matlab": 0.9, "REDS/SSIM-per-channel": 0.88}
    path = write_results(datasets=[facts], metrics=metrics)
    figure = draw_scatter([measurement_row(read_measurement(path))])
    figure.draw_without_rendering()
    one, other = (axes.title.get_window_extent() for axes in figure.axes)
    assert one.x0 >= 0
    assert one.x1 < other.x0
    assert other.x1 <= figure.bbox.x1


def test_files_repeat_and_are_what_they_are_called(rows):
    figure, again = draw_scatter(rows, ["HIDE"]), draw_scatter(rows, ["HIDE"])
    svg = figure_bytes(figure, "svg")
    assert svg.startswith(b"<?xml")
    assert svg == figure_bytes(again, "svg")
    assert figure_bytes(figure, "png").startswith(b"\x89PNG")
