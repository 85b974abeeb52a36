"""The command itself; what it makes is tested with the package's `report`."""

import importlib.util
import json
import shutil
import subprocess
import sys

import pytest

from fcn_plugin.models import FCN

from ..conftest import PROJECT

TOOL = PROJECT / "tools/report.py"


@pytest.fixture
def report(tmp_path, monkeypatch):
    """Runs the tool's main function in an empty folder."""
    specification = importlib.util.spec_from_file_location("report", TOOL)
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    monkeypatch.chdir(tmp_path)
    return lambda *words: tool.main(list(map(str, words)))


@pytest.fixture
def results(tmp_path):
    network = FCN(width=16, pyramid_widths=(16, 32, 64))  # the demo's
    content = {
        "config": "configs/fcn_demo.py",
        "checkpoint": "best.pth",
        "sha256": "a" * 64,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
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
    for command in ("table1", "figure1", "figure6", "cards"):
        assert f"    {command} " in result.stdout
    for heavy in ("torch", "matplotlib", "mmengine", "yaml"):
        assert f" {heavy}\n" not in result.stderr


def test_table1_finds_results_and_writes_both_forms(report, results, tmp_path, capsys):
    report("table1")
    output, folder = capsys.readouterr().out, tmp_path / "work_dirs/report"
    assert (folder / "table1.md").read_text(encoding="utf-8") in output
    assert "| fcn_demo | measured | 28.30 | 0.9600 |" in output
    assert json.loads((folder / "table1.json").read_text())[-1]["scores"]["demo (6 pairs)"]["PSNR"] == 28.3


def test_a_file_that_is_missing_is_named_in_one_sentence(report, tmp_path, capsys):
    with pytest.raises(SystemExit, match="1"):
        report("table1", "none.json")
    assert capsys.readouterr().err.startswith(
        "error: none.json: cannot be read (No such file or directory); name a results.json"
    )
    assert not (tmp_path / "work_dirs").exists()


def test_cards_are_counted_and_filled(report, results, tmp_path):
    shutil.copytree(PROJECT / "configs", tmp_path / "configs", ignore=shutil.ignore_patterns("peers", "*.py"))
    (tmp_path / "index.yml").write_text(
        "Import: [configs/_base_/datasets/metafile.yml, configs/metafile.yml]\n"
    )
    report("cards", results, "--index", "index.yml", "--page", "models.md")
    page = (tmp_path / "models.md").read_text(encoding="utf-8")
    assert "| fcn_demo | measured | 28.30 | 0.9600 |" in page
    assert "sha256 `aaaaaaaaaaaa`" in page


def test_figure1_is_written_as_png_and_svg(report, tmp_path):
    report("figure1", "--datasets", "HIDE", "--out", "figures")
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"figure1.png", "figure1.svg"}


def test_figure6_is_written_as_png_and_page(report, tmp_path, capsys):
    demo = PROJECT / "data/demo/test"
    words = ["--blurry", demo / "blur", "--sharp", demo / "sharp", "--images", f"FCN={demo / 'blur'}"]
    report("figure6", *words, "--pictures", "1", "--crops", "1")
    folder = tmp_path / "work_dirs/report"
    assert {path.name for path in folder.iterdir()} == {"figure6.png", "figure6.html"}
    with pytest.raises(SystemExit, match="1"):
        report("figure6", *words, "--crop", "0,0,9999,10")
    assert "does not lie in" in capsys.readouterr().err
