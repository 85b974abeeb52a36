"""The command itself; what it makes is tested with the package's `report`."""

import json
import shutil
import subprocess
import sys

import pytest

from ..conftest import PROJECT

TOOL = PROJECT / "tools/report.py"


@pytest.fixture
def report(tmp_path):
    """Runs the tool in an empty folder."""

    def run(*words, check=True):
        command = [sys.executable, TOOL, *words]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert not check or result.returncode == 0, result.stderr
        return result

    return run


@pytest.fixture
def results(tmp_path):
    content = {
        "config": "configs/fcn_demo.py",
        "checkpoint": "best.pth",
        "sha256": "a" * 64,
        "parameters": 556036,
        "device": "cpu",
        "dtype": "float32",
        "inference": "whole image",
        "datasets": ["dataset=demo, 6 pairs"],
        "metrics": {"demo/PSNR": 28.3, "demo/PSNR-blurry": 25.5, "demo/SSIM-matlab": 0.96},
    }
    path = tmp_path / "work_dirs/fcn_demo/results.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    return path


def test_help_names_the_commands_without_importing_what_they_need(report):
    words = ["-X", "importtime", TOOL, "--help"]
    result = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
    assert "table1" in result.stdout
    assert "cards" in result.stdout
    for heavy in ("torch", "matplotlib", "mmengine", "yaml"):
        assert f" {heavy}\n" not in result.stderr


def test_table1_finds_results_and_writes_both_forms(report, results, tmp_path):
    output = report("table1").stdout
    folder = tmp_path / "work_dirs/report"
    assert (folder / "table1.md").read_text(encoding="utf-8") in output
    assert "| fcn_demo | measured | 28.30 | 0.9600 |" in output
    assert json.loads((folder / "table1.json").read_text())[-1]["scores"]["demo (6 pairs)"]["PSNR"] == 28.3


def test_a_file_that_is_missing_is_named_in_one_sentence(report, tmp_path):
    result = report("table1", "none.json", check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("error: none.json: no such results file")
    assert not (tmp_path / "work_dirs").exists()


def test_cards_are_counted_and_filled(report, results, tmp_path):
    shutil.copytree(PROJECT / "configs", tmp_path / "configs", ignore=shutil.ignore_patterns("peers", "*.py"))
    (tmp_path / "index.yml").write_text(
        "Import: [configs/_base_/datasets/metafile.yml, configs/metafile.yml]\n"
    )
    report("cards", str(results), "--index", "index.yml", "--page", "models.md")
    page = (tmp_path / "models.md").read_text(encoding="utf-8")
    assert "| fcn_demo | measured | 28.30 | 0.9600 |" in page
    assert "sha256 `aaaaaaaaaaaa`" in page
