"""The commands of the README, as separate processes, from a foreign working directory."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from ..conftest import PROJECT, tiny_options, write_pairs
from ..test_checkpoints import Hostile


def arguments(pairs: Path, epochs: int = 1) -> list[str]:
    """``tiny_options`` as the command line takes them: lists without brackets."""
    texts = {
        key: ",".join(map(str, value)) if isinstance(value, list) else value
        for key, value in tiny_options(pairs, epochs).items()
    }
    return ["--cfg-options", *(f"{key}={text}" for key, text in texts.items())]


def run(command: list[str], cwd: Path, **environment: str) -> subprocess.CompletedProcess:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where the scripts find python
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PATH": path, **environment}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, timeout=300)


def python(tool: str, *rest: str) -> list[str]:
    return [sys.executable, str(PROJECT / "tools" / tool), *rest]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A tiny network trained by ``tools/train.py`` from another directory; its folder and pairs."""
    folder = tmp_path_factory.mktemp("trained")
    for split, count in (("train", 8), ("test", 5)):
        write_pairs(folder / "pairs" / split, count)
    result = run(
        python("train.py", "configs/fcn_demo.py", "--test", *arguments(folder / "pairs")),
        folder,
        # MMEngine imports torchvision where it is, and one of another build than torch's (docs/peers.md)
        # has something to say.
        PYTHONWARNINGS="ignore::UserWarning:torchvision.io.image",
    )
    assert result.returncode == 0, result.stderr
    return folder, result


def test_train_and_test_from_any_directory(trained):
    folder, result = trained
    work = folder / "work_dirs" / "fcn_demo"
    assert (work / "epoch_1.pth").exists()
    assert "→" in result.stdout
    assert (
        "training on dataset=demo, blur=synthetic, 8 pairs; effective batch 2 (1 processes × 2), "
        in result.stdout
    )
    assert "1 epochs, 4 iterations, seed 0" in result.stdout
    assert "warn" not in result.stdout.lower()
    assert result.stderr == ""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGINT")
def test_ctrl_c_ends_training_in_a_sentence(trained, tmp_path):
    command = python("train.py", "configs/fcn_demo.py", *arguments(trained[0] / "pairs", epochs=10**6))
    first_checkpoint = tmp_path / "work_dirs/fcn_demo/last_checkpoint"
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and not first_checkpoint.exists():
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
    sentence = "Stopped; with --resume, training goes on from the latest checkpoint in work_dirs/fcn_demo.\n"
    assert errors.endswith(sentence)
    assert "Traceback" not in errors


def test_test_command(trained):
    folder, _ = trained
    checkpoint = folder / "work_dirs" / "fcn_demo" / "epoch_1.pth"
    result = run(
        python(
            "test.py",
            "configs/fcn_demo.py",
            str(checkpoint),
            "--work-dir",
            "tested",
            *arguments(folder / "pairs"),
        ),
        folder,
    )
    assert result.returncode == 0, result.stderr
    results = json.loads((folder / "tested" / "results.json").read_text())
    assert results["config"] == "configs/fcn_demo.py"  # of the checkout, whose place is nobody's business
    assert results["checkpoint"] == "work_dirs/fcn_demo/epoch_1.pth"
    header = "tested on    dataset=demo, blur=synthetic, 5 pairs\n"
    assert header in result.stdout


def test_hostile_checkpoint_is_refused_in_one_sentence(trained):
    folder, _ = trained
    path, proof = folder / "hostile.pth", folder / "proof"
    path.write_bytes(pickle.dumps({"state_dict": Hostile(str(proof))}))
    result = run(python("test.py", "configs/fcn_demo.py", str(path), *arguments(folder / "pairs")), folder)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {path}: refused")
    assert len(result.stderr.splitlines()) == 1
    assert not proof.exists()


def test_missing_dataset_says_where_to_get_and_put_it(tmp_path):
    result = run(
        python(
            "train.py",
            "configs/fcn_gopro.py",
            "--cfg-options",
            f"train_dataloader.dataset.data_root={tmp_path}/GoPro",
        ),
        tmp_path,
    )
    assert result.returncode == 1
    error = result.stderr.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert "GOPRO_Large" in error
    assert f"{tmp_path}/GoPro" in error
    assert "tools/prepare_data.py gopro" in error


def test_an_unreadable_image_stops_training_in_one_sentence(trained):
    """The error comes out of a loader worker."""
    folder, _ = trained
    broken = folder / "broken"
    for kind in ("blur", "sharp"):
        (broken / "train" / kind).mkdir(parents=True)
        (broken / "train" / kind / "7.png").write_bytes(b"not an image")
    options = arguments(folder / "pairs")
    options += [
        f"train_dataloader.dataset.dataset.{side}={broken}/train/{kind}"
        for side, kind in (("input", "blur"), ("target", "sharp"))
    ]
    options += ["train_dataloader.num_workers=1"]
    result = run(python("train.py", "configs/fcn_demo.py", "--work-dir", "broken_work", *options), folder)
    assert result.returncode == 1
    assert "7.png" in result.stderr.splitlines()[-1]
    assert result.stderr.splitlines()[-1].startswith("error: ")


def test_two_processes_agree_with_each_other_and_with_one(trained):
    """The real scripts on two CPU processes: equal weights on both ranks, and one process's test metrics."""
    folder, _ = trained
    config = folder / "two_processes.py"
    config.write_text(
        f"_base_ = [{str(PROJECT / 'configs' / 'fcn_demo.py')!r}]\n"
        "custom_imports = dict(imports=['rank_weights'])\n"
        "custom_hooks = [dict(type='mmengine.RankWeightsHook')]\n"
    )
    environment = {"PORT": "29517", "PYTHONPATH": str(Path(__file__).parent)}
    options = arguments(folder / "pairs")
    script = str(PROJECT / "tools" / "dist_train.sh")
    result = run([script, config.name, "2", *options], folder, **environment)
    assert result.returncode == 0, result.stderr
    assert "effective batch 4 (2 processes × 2)" in result.stdout

    work = folder / "work_dirs" / "two_processes"
    ranks = [torch.load(work / f"rank_{rank}.pth", weights_only=True) for rank in (0, 1)]
    start = torch.load(folder / "work_dirs" / "fcn_demo" / "epoch_1.pth", weights_only=True)["state_dict"]
    for name, tensor in ranks[0].items():
        assert torch.equal(tensor, ranks[1][name]), name
    assert any(not torch.equal(tensor, start[name]) for name, tensor in ranks[0].items())

    checkpoint = str(work / "epoch_1.pth")
    script = str(PROJECT / "tools" / "dist_test.sh")
    # Five images: a process gets one that the other has too, which is neither averaged nor listed twice.
    for name, command in (
        ("two", [script, config.name, checkpoint, "2"]),
        ("one", python("test.py", config.name, checkpoint)),
    ):
        places = ["--work-dir", name, "--save-images", f"{name}/images"]
        result = run([*command, *places, *options], folder, **environment)
        assert result.returncode == 0, result.stderr
        assert ("whole image, global statistics, float32 on cpu, in 2 processes" in result.stdout) == (
            name == "two"
        )
    assert (folder / "two" / "per_image.csv").read_text() == (folder / "one" / "per_image.csv").read_text()
    images = sorted(path.relative_to(folder / "one") for path in (folder / "one").glob("images/**/*.png"))
    assert [path.stem for path in images] == ["000", "001", "002", "003", "004"]
    assert (
        sorted(path.relative_to(folder / "two") for path in (folder / "two").glob("images/**/*.png"))
        == images
    )
    for path in images:
        assert (folder / "one" / path).read_bytes() == (folder / "two" / path).read_bytes()
    two, one = (
        json.loads((folder / name / "results.json").read_text())["metrics"] for name in ("two", "one")
    )
    assert two.keys() == one.keys()
    for name, value in one.items():
        assert two[name] == pytest.approx(value, abs=1e-6), name
