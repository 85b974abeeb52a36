import importlib.util
import json
import os
import signal
import subprocess
import sys

import pytest

from ..conftest import PROJECT

VARIANT = "4 stages - MSAM"


@pytest.fixture
def ablate(pairs, tmp_path):
    """Runs the tool in this process (what it starts are processes) on one variant of a tiny network."""
    specification = importlib.util.spec_from_file_location("ablate", PROJECT / "tools/ablate.py")
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    words = ["configs/ablation/table2_small.py", "--work-dir", tmp_path / "work", "--variants", VARIANT]
    words += ["--cfg-options", "model.network.width=4", "model.network.pyramid_widths=[4,6,8]"]
    words += ["train_cfg.max_epochs=1", "train_dataloader.dataset.times=1"]
    words += ["train_dataloader.dataset.dataset.pipeline.1.size=16"]
    for loader in ("train_dataloader.dataset", "val_dataloader", "test_dataloader"):
        split = "train" if loader.startswith("train") else "test"
        words += [f"{loader}.dataset.input={pairs / split / 'blur'}"]
        words += [f"{loader}.dataset.target={pairs / split / 'sharp'}"]
        words += [f"{loader}.dataset.pipeline.0.size=(32,40)"]
    return lambda *more: tool.main([*map(str, words), *more])


def test_a_run_that_fails_is_named_and_goes_on_once_mended(ablate, pairs, tmp_path, capsys):
    broken = pairs / "train/blur/000.png"
    content = broken.read_bytes()
    broken.write_bytes(b"")
    with pytest.raises(SystemExit, match="1"):
        ablate()
    assert "error: 4 stages - MSAM, seed 0 failed: see " in capsys.readouterr().err
    assert "is not a readable image" in (tmp_path / "work/4_stages_-_MSAM_seed_0/train.log").read_text()

    broken.write_bytes(content)
    ablate()
    figures = json.loads((tmp_path / "work/table.json").read_text())
    (row,), (machine,) = figures["rows"], figures["machines"]
    assert machine.keys() >= {"device", "threads", "versions", "commit"}
    assert (row["variant"], row["seeds"]) == (VARIANT, [0])
    assert row["metrics"].keys() >= {"pairs/PSNR", "pairs/SSIM-matlab"}
    assert (tmp_path / "work/table.md").read_text() in capsys.readouterr().out
    assert VARIANT in (tmp_path / "work/ratios.svg").read_text()

    # Of a selection, all that is done in the folder is told.
    ablate("--threads", "1", "--variants", "4 stages")
    assert "4 stages, seed 0 starts" in capsys.readouterr().out
    ablate()
    assert "starts" not in capsys.readouterr().out
    figures = json.loads((tmp_path / "work/table.json").read_text())
    full, without = figures["rows"]
    assert (full["variant"], without["variant"]) == ("4 stages", VARIANT)
    assert without["differences"].keys() == full["metrics"].keys()
    assert figures["machines"][0]["threads"] == 1
    assert "4 stages" in (tmp_path / "work/ratios.svg").read_text()

    ablate("--each-stage")
    _, answer, *stages = json.loads((tmp_path / "work/table.json").read_text())["rows"]
    assert [stage["variant"] for stage in stages] == [f"{VARIANT}: stage {stage}" for stage in range(4)]
    assert stages[-1]["metrics"] == answer["metrics"]
    assert set(stages[-1]["differences"]["pairs/PSNR"]["values"]) == {0.0}
    assert stages[0]["metrics"] != answer["metrics"]

    ablate("--table-only")
    assert len(json.loads((tmp_path / "work/table.json").read_text())["rows"]) == 6


def test_with_nothing_done_there_is_no_table(ablate, tmp_path, capsys):
    with pytest.raises(SystemExit, match="1"):
        ablate("--table-only")
    assert "has no results of configs/ablation/table2_small.py yet" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows ends a process without asking it")
def test_ending_it_is_told_in_a_sentence(tmp_path):
    command = [sys.executable, "-u", PROJECT / "tools/ablate.py", "configs/ablation/table2_small.py"]
    command += ["--variants", VARIANT, "--work-dir", tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == f"{VARIANT}, seed 0 starts\n"
        process.send_signal(signal.SIGTERM)
        assert process.stderr.read() == "Ended before it was done; the same command goes on from here.\n"
    assert process.returncode == 1
