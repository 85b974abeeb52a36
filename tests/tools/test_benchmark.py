import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools/benchmark.py"
TINY = ["--cfg-options", "model.network.width=4", "model.network.pyramid_widths=[4,6,8]"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    command = [sys.executable, TOOL, "configs/fcn_gopro.py", "--modes", "inference", "training"]
    command += ["--size", "16", "24", "--batch", "2"]
    command += ["--rounds", "2", "--seconds", "0.01", "--matrix", "64", "--threads", "1", *TINY]
    command += ["--out", folder / "cpu.json", "--page", folder / "page.md"]
    subprocess.run(command, check=True, cwd=folder)
    return json.loads((folder / "cpu.json").read_text()), (folder / "page.md").read_text()


def test_every_way_is_checked_and_measured(measured):
    result, _ = measured
    assert [row["mode"] for row in result["rows"]] == ["inference", "training"]
    for row in result["rows"]:
        assert row["relative_error"] < 1e-5
        assert row["repeats"]
        assert 0 < row["median_s"] < row["first_call_s"] + 1
        assert row["images_per_s"] == pytest.approx(2 / row["median_s"])
        assert row["peak_memory_bytes"] is None or row["peak_memory_bytes"] > 1 << 20
    assert result["machine"]["threads"] == 1
    assert set(result["matrix_rates"]) == {"float32"}


@pytest.mark.parametrize(
    ("option", "word", "choice"),
    [
        ("--precisions", "float3", "amp-bfloat16"),
        ("--layouts", "last", "channels_last"),
        ("--compile", "fast", "reduce-overhead"),
        ("--modes", "both", "training"),
        ("--size", "0", "must be 1 or more, not 0"),
        ("--seconds", "-1", "must be more than 0 and finite, not -1"),
    ],
)
def test_words_that_mean_nothing_are_refused_with_those_that_do(option, word, choice):
    command = [sys.executable, TOOL, option, *[word] * (2 if option == "--size" else 1)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 2
    message = result.stderr.splitlines()[-1]
    assert f"argument {option}" in message
    assert choice in message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["configs/fcn_demo.py", "./configs/fcn_demo.py"], "more than one config is called 'fcn_demo'"),
        (["--report"], "figures: has no figures yet; leave out --report"),
    ],
)
def test_what_cannot_be_measured_or_told_is_named(words, message, tmp_path):
    command = [
        sys.executable,
        TOOL,
        *words,
        "--out",
        tmp_path / "figures/cpu.json",
        "--page",
        tmp_path / "a.md",
    ]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert message in result.stderr
    assert (result.returncode, os.listdir(tmp_path)) == (1, [])


def test_the_page_shows_every_row(measured):
    from fcn_plugin.benchmark.report import benchmark_page

    result, page = measured
    assert page.count("| fcn_gopro | float32 |") == 2
    assert "### Training, 2 × 16×24" in page
    result["rows"][0]["failed"] = "out of memory"
    assert "| out of memory |" in benchmark_page([result])
