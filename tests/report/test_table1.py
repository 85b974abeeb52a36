"""Table 1: the paper's own figures, and where measured ones may stand beside them."""

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest

from fcn_plugin.report.comparison import AVERAGE, comparison_rows, measurement_row
from fcn_plugin.report.measurement import read_measurement
from fcn_plugin.report.model_cards import read_model_cards
from fcn_plugin.report.table1 import table1, table1_data

# GoPro, HIDE and their average, as the paper prints them: PSNR and SSIM of each. It cuts averages off; ours
# are rounded.
PRINTED = """
Gao et al. 30.90 0.935 29.11 0.913 30.00 0.924
DBGAN 31.20 0.940 29.09 0.924 30.14 0.932
MT-RNN 31.15 0.945 29.15 0.918 30.15 0.931
Suin et al. 31.85 0.948 29.98 0.930 30.91 0.939
MPRNet 32.66 0.959 30.96 0.939 31.81 0.949
Restormer 32.92 0.961 31.22 0.942 32.07 0.951
SRNet 33.23 0.963 30.07 0.928 31.65 0.945
FCN (paper) 33.32 0.972 32.04 0.966 32.96 0.969
"""
CARDS = read_model_cards()


def tables(text):
    """The cells of every table by its columns' names, as a list per table of a dict per row."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        head, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in block.splitlines())
        found.append([dict(zip(head, row, strict=True)) for row in rows])
    return found


def average(one, other, step):
    return str(((Decimal(one) + Decimal(other)) / 2).quantize(Decimal(step), ROUND_HALF_UP))


def test_averages_are_rounded_and_halves_up():
    (rows,) = tables(table1(comparison_rows(CARDS, [])))
    averages = {row["method"]: row["Average PSNR"] for row in rows}
    assert averages["Gao et al."] == "30.01"  # (30.90 + 29.11) / 2 = 30.005
    assert averages["DBGAN"] == "30.15"  # (31.20 + 29.09) / 2 = 30.145
    assert averages["FCN (paper)"] == "32.68"


def test_published_rows_are_the_papers_with_each_ssim_in_a_column_of_its_own():
    (rows,) = tables(table1(comparison_rows(CARDS, [])))
    rows = {row["method"]: row for row in rows}
    for line in PRINTED.strip().splitlines():
        name, *printed = re.match(r"(.+?)" + r" ([\d.]+)" * 6 + "$", line).groups()
        row = rows[name]
        own, other = ("matlab", "unknown") if name in ("MPRNet", "Restormer") else ("unknown", "matlab")
        assert row["origin"] == "published"
        assert [row["GoPro PSNR"], row[f"GoPro SSIM-{own}"]] == printed[:2]
        assert [row["HIDE PSNR"], row[f"HIDE SSIM-{own}"]] == printed[2:4]
        assert row[f"GoPro SSIM-{other}"] == row[f"HIDE SSIM-{other}"] == ""
        assert [row["Average PSNR"], row[f"Average SSIM-{own}"]] == [
            average(printed[0], printed[2], "0.01"),
            average(printed[1], printed[3], "0.001"),
        ]


def test_the_papers_own_row_says_what_is_wrong_with_it():
    (line,) = (line for line in table1(comparison_rows(CARDS, [])).splitlines() if "**FCN (paper)**" in line)
    assert "protocol unknown" in line
    assert "32.96" in line
    assert "32.68" in line


def measured(*paths):
    return [measurement_row(read_measurement(path)) for path in paths]


def test_a_measured_row_has_every_ssim_under_its_name_and_says_what_it_is_of(write_results):
    path = write_results()
    text = table1(comparison_rows(CARDS, measured(path)))
    (rows,) = tables(text)
    blurry, ours = rows[-2:]
    assert [*ours][:6] == [
        "method",
        "origin",
        "GoPro PSNR",
        "GoPro SSIM-matlab",
        "GoPro SSIM-per-channel",
        "GoPro SSIM-unknown",
    ]
    assert [*ours.values()][:6] == ["fcn_gopro", "measured", "31.50", "0.9500", "0.9300", ""]
    assert ours["Average PSNR"] == "30.50"
    assert (blurry["method"], blurry["GoPro PSNR"], blurry["Average PSNR"]) == ("blurry", "25.64", "24.82")
    assert (
        f"- **fcn_gopro**, measured: {path}, of configs/fcn_gopro.py with best.pth (sha256 `aaaaaaaaaaaa`); "
        "dataset=GoPro, split=test, blur=linear, storage=lmdb, 1111 pairs; "
    ) in text


def test_other_images_stand_in_tables_of_their_own(write_results):
    other = write_results(datasets=["dataset=GoPro, split=test, blur=gamma, 1111 pairs"])
    text = table1(comparison_rows(CARDS, measured(write_results("linear"), other)))
    paper, gamma, hide = tables(text)
    assert [row["method"] for row in paper[-2:]] == ["blurry", "fcn_gopro"]
    assert "## GoPro (split=test, blur=gamma, 1111 pairs)" in text
    assert [row["method"] for row in gamma] == ["blurry", "fcn_gopro"]
    assert len(hide) == 2


def test_blurry_images_that_differ_are_told_apart(write_results):
    one, two = write_results("one"), write_results("two", metrics={"GoPro/PSNR": 31, "GoPro/PSNR-blurry": 26})
    rows = comparison_rows([], measured(one, two))
    assert [row.method for row in rows] == ["blurry (fcn_gopro)", "blurry (fcn_gopro)"] + ["fcn_gopro"] * 2
    assert [row.score("GoPro", "PSNR") for row in rows] == [25.64, 26, 31.5, 31]


def test_further_metrics_have_columns_that_say_which_way_is_better(write_results):
    metrics = {"GoPro/PSNR": 31.5, "GoPro/NIQE": 4.0, "GoPro/LPIPS": 0.1, "GoPro/LPIPS-blurry": 0.3}
    better = {"PSNR": "higher", "LPIPS": "lower", "MUSIQ": "higher"}
    one = write_results("one", metrics=metrics, better=better)
    two = write_results("two", metrics={"GoPro/MUSIQ": 50.0, "HIDE/MUSIQ": 60.0}, better=better)
    rows = comparison_rows([], measured(one, two))
    (table,) = tables(table1(rows))
    blurry, first, second = table
    assert first == {
        "method": "fcn_gopro",
        "origin": "measured",
        "GoPro PSNR": "31.50",
        "GoPro LPIPS ↓": "0.1000",
        "GoPro MUSIQ ↑": "",
        "GoPro NIQE": "4.0000",  # of which the file does not say it
        "HIDE MUSIQ ↑": "",
        "Average MUSIQ ↑": "",
    }
    assert (second["GoPro MUSIQ ↑"], second["Average MUSIQ ↑"]) == ("50.0000", "55.0000")
    assert blurry["GoPro LPIPS ↓"] == "0.3000"
    assert table1_data(rows)[-1]["average"] == {"MUSIQ": 55.0}


def test_the_data_has_every_digit(write_results):
    path = write_results(metrics={"GoPro/PSNR": 31.123456789, "HIDE/PSNR": 29.0})
    *_, row = table1_data(comparison_rows(CARDS, measured(path)))
    assert row["scores"]["GoPro"] == {"PSNR": 31.123456789}
    assert row["average"] == {"PSNR": pytest.approx(30.0617283945)}
    assert row["sha256"] == "a" * 64
    assert comparison_rows([], measured(path))[0].score(AVERAGE, "SSIM-matlab") is None


def test_a_result_without_blurry_scores_takes_none_away(write_results):
    one, two = write_results("one"), write_results("two", metrics={"GoPro/PSNR": 31})
    blurry, *_ = comparison_rows([], measured(one, two))
    assert (blurry.method, blurry.score("GoPro", "PSNR")) == ("blurry", 25.64)
    assert blurry.source == "with fcn_gopro"
