import importlib.util
import json
import sys

import pytest

from ..conftest import PROJECT, tiny_options

NAMES = ("four wide", "two wide")


@pytest.fixture
def compare(pairs, tmp_path):
    """Runs the tool in this process (what it starts are processes) on two tiny networks, a second each."""
    specification = importlib.util.spec_from_file_location("compare", PROJECT / "tools/compare.py")
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    config = tmp_path / "tiny.py"
    options = {name: value for name, value in tiny_options(pairs).items() if "train_cfg" not in name}
    variants = {
        NAMES[0]: {"options": options},
        NAMES[1]: {"options": {**options, "model.network.width": 2}},
    }
    config.write_text(f"_base_ = [{str(PROJECT / 'configs/fcn_demo.py')!r}]\nvariants = {variants!r}\n")
    words = [config, "--work-dir", tmp_path / "work"]  # where the figures and the page go then, too
    return lambda *more: tool.main(list(map(str, [*words, *more])))


TRAINING = ["--minutes", "0.02", "--points", "2", "--clock", "processor", "--threads", "1"]


def test_networks_are_trained_for_equal_time_and_shown(compare, tmp_path, capsys):
    compare(*TRAINING)
    figures = json.loads((tmp_path / "work/comparison_tiny.json").read_text())
    assert [run["network"] for run in figures["runs"]] == list(NAMES)
    for run in figures["runs"]:
        record = run["record"]
        assert record["seconds"] >= 1.2
        assert record["images"] > 0
        assert record["curve"][-1]["seconds"] == record["seconds"]
        assert run["metrics"]["demo/PSNR"] == record["curve"][-1]["demo/PSNR"]
        assert run["machine"]["threads"] == 1
        assert (run["learning_rate"], run["optimizer"], run["precision"]) == (1e-3, "Adam", "float32")
        assert "PairedRandomCrop 16×16" in run["training"]
        assert "1.2 s of processor time, seed 0" in run["training"]
    costs = [run["costs"] for run in figures["runs"]]
    assert costs[0]["parameters"] > costs[1]["parameters"] > 0
    page = (tmp_path / "work/comparison.md").read_text()
    assert "![demo/PSNR over time and over images seen](comparison_tiny.svg)" in page
    for kind in ("png", "svg"):
        assert (tmp_path / f"work/comparison_tiny.{kind}").stat().st_size > 0
    assert "starts" in capsys.readouterr().out

    compare(*TRAINING, "--networks", NAMES[0])
    assert "starts" not in capsys.readouterr().out
    compare("--report")
    again = json.loads((tmp_path / "work/comparison_tiny.json").read_text())
    assert again == figures


def test_a_comparison_that_has_no_results_yet_leaves_earlier_figures_alone(compare, tmp_path, capsys):
    earlier = tmp_path / "work/comparison_tiny.json"
    earlier.parent.mkdir()
    earlier.write_text('{"configs": ["earlier.py"], "runs": []}')
    compare("--report")
    assert json.loads(earlier.read_text())["configs"] == ["earlier.py"]
    assert "##" not in (tmp_path / "work/comparison.md").read_text()
    earlier.write_text("{")
    with pytest.raises(SystemExit, match="1"):
        compare("--report")
    assert "comparison_tiny.json: not JSON; write it anew" in capsys.readouterr().err


def test_a_network_that_cannot_be_built_is_found_before_any_is_trained(
    compare, tmp_path, monkeypatch, capsys
):
    config = tmp_path / "tiny.py"
    data = f"{{name: value for name, value in variants[{NAMES[0]!r}]['options'].items() if 'data' in name}}"
    peer = f"dict(model_of='configs/peers/nafnet32_gopro.py', options={data})"
    config.write_text(f"{config.read_text()}variants['peer'] = {peer}\n")
    monkeypatch.setitem(sys.modules, "spandrel", None)
    with pytest.raises(SystemExit, match="1"):
        compare(*TRAINING)
    output = capsys.readouterr()
    assert "error: the networks of other papers come from spandrel, which cannot be imported" in output.err
    assert "starts" not in output.out
    assert not list(tmp_path.glob("work/*/*"))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([*TRAINING, "--networks", "six wide"], "there is no network 'six wide' to compare"),
        ([], "--minutes is needed, for how long each network is trained"),
        ([*TRAINING, "--seeds", "-1"], "--seeds: must be 0 to 4294967295, not -1"),
        (["--minutes", "0"], "--minutes: must be more than 0 and finite, not 0"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(compare, more, message, capsys):
    with pytest.raises(SystemExit):
        compare(*more)
    assert message in capsys.readouterr().err
