import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import torch

from fcn_plugin.datasets import PairedImageDataset
from tools import synthesize

from .test_command_lines import python, run


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    generator = np.random.default_rng(0)
    for number in range(3):
        coarse = generator.integers(0, 256, (10, 12, 3), np.uint8)
        image = cv2.resize(coarse, (120, 100), interpolation=cv2.INTER_CUBIC)
        (folder / "sub").mkdir(exist_ok=True)
        cv2.imwrite(str(folder / "sub" / f"{number}.png"), image)
    return folder


@pytest.fixture(scope="module")
def video(tmp_path_factory, photographs):
    """A pan of 4 pixels per frame over a photograph, 15 frames at 24 per second."""
    path = tmp_path_factory.mktemp("video") / "pan.avi"
    photograph = cv2.imread(str(photographs / "sub" / "0.png"))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 24, (56, 64))
    for number in range(15):
        writer.write(photograph[:64, 4 * number : 4 * number + 56])
    writer.release()
    return path


def photos(photographs, out, *words):
    small = ["--size", "32", "--shake", "reach=8", "--pairs", "4"]
    synthesize.main(["photos", "--source", str(photographs), "--out", str(out), *small, *words])


def images(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.glob("*/*.png")}


def test_photos_become_a_folder_that_the_datasets_read(photographs, tmp_path, capsys):
    photos(photographs, tmp_path / "made", "--sensor", "read_noise=0.01,0.02")
    assert "4 pairs; look at" in capsys.readouterr().out
    dataset = PairedImageDataset(tmp_path / "made" / "blur", tmp_path / "made" / "sharp", "made")
    assert len(dataset) == 4
    for index in range(4):
        pair = dataset[index]
        assert pair["img"].shape == pair["gt"].shape == (32, 32, 3)
        assert 10 < cv2.PSNR(pair["img"], pair["gt"]) < 45
    # Each photograph once before any twice.
    assert {key[7:] for key in dataset.keys()[:3]} == {"sub-0", "sub-1", "sub-2"}
    readme = (tmp_path / "made" / "README.md").read_text()
    assert "| reach | 8 |" in readme
    assert "| read_noise | 0.01 to 0.02 |" in readme
    assert "Seed 0" in readme


def test_a_seed_means_the_same_pairs(photographs, tmp_path):
    photos(photographs, tmp_path / "first")
    photos(photographs, tmp_path / "again")
    photos(photographs, tmp_path / "other", "--seed", "1")
    photos(photographs, tmp_path / "more", "--pairs", "5")
    assert images(tmp_path / "first") == images(tmp_path / "again")
    assert images(tmp_path / "first").items() <= images(tmp_path / "more").items()
    assert images(tmp_path / "first") != images(tmp_path / "other")


def test_video_in_a_process_of_its_own_warns_of_ghosts(video, tmp_path):
    words = ["video", "--source", str(video), "--frames", "5", "7", "--out"]
    result = run(python("synthesize.py", *words, "plain"), tmp_path)
    assert result.returncode == 0, result.stderr
    assert "warning: " in result.stderr
    assert "24 frames/s" in result.stderr
    filled = run(python("synthesize.py", *words, "filled", "--interpolate"), tmp_path)
    assert filled.returncode == 0, filled.stderr
    assert "warning" not in filled.stderr
    names = [path.name for path in sorted((tmp_path / "plain" / "blur").iterdir())]
    assert names[0] == "000000.png"
    assert len(names) == 2
    assert "5 to 7 frames/pair of pan.avi (24.00 frames/s)" in (tmp_path / "plain" / "README.md").read_text()
    assert "interpolated" in (tmp_path / "filled" / "README.md").read_text()


def test_video_stops_after_the_pairs_asked_for(video, tmp_path):
    words = ["--frames", "5", "5", "--pairs", "2", "--gamma", "1", "--scale", "0.5"]
    synthesize.main(["video", "--source", str(video), "--out", str(tmp_path / "made"), *words])
    assert len(list((tmp_path / "made" / "sharp").iterdir())) == 2
    assert cv2.imread(str(tmp_path / "made" / "sharp" / "000005.png")).shape == (32, 28, 3)


def test_statistics_of_two_folders_side_by_side(photographs, tmp_path, capsys):
    photos(photographs, tmp_path / "weak", "--shake", "reach=8", "speed=0.05")
    photos(photographs, tmp_path / "train" / "SEQUENCE", "--shake", "reach=8", "speed=0.5")
    capsys.readouterr()
    out = tmp_path / "statistics.json"
    folders = [str(tmp_path / "weak"), str(tmp_path / "train")]
    synthesize.main(["statistics", *folders, "--crop", "16", "--out", str(out)])
    assert "gradient energy" in capsys.readouterr().out
    facts = json.loads(out.read_text())
    assert facts["crop"] == 16
    weak, strong = (facts["statistics"][folder] for folder in folders)
    assert weak["PSNR"]["mean"] > strong["PSNR"]["mean"]
    assert weak["gradient energy"]["50 %"] > strong["gradient energy"]["50 %"]


def test_cost_prints_the_machine_and_a_row_per_step(photographs, capsys):
    words = ["--source", str(photographs), "--size", "16", "--batch", "2", "--seconds", "0.01"]
    synthesize.main(["cost", *words])
    printed = capsys.readouterr().out
    assert f"torch {torch.__version__}" in printed
    assert "2 crops of 16×16" in printed
    for step in ("read and crop", "read, crop and blur", "blur a batch"):
        assert step in printed


def test_numbers_below_their_range_are_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        synthesize.main(["photos", "--source", "a", "--out", "b", "--pairs", "0"])
    assert "argument --pairs: must be 1 or more, not 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["photos", "--source", "nowhere", "--out", "x"], "There are no images"),
        (["photos", "--source", "{photographs}", "--out", "x"], "All 3 photographs in"),
        (
            ["photos", "--source", "{photographs}", "--out", "x", "--shake", "speeds=1"],
            "has no parameter speeds",
        ),
        (["video", "--source", "nowhere.mp4", "--out", "x"], "nowhere.mp4 is not a file"),
        (["video", "--source", "{photographs}/sub/0.png", "--out", "x"], "0.png"),
        (["statistics", "{photographs}"], "There are no images"),
    ],
)
def test_bad_input_is_answered_in_one_sentence(words, message, photographs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="1"):
        synthesize.main([word.format(photographs=photographs) for word in words])
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_images_smaller_than_the_crop_have_no_statistics(photographs, tmp_path, capsys):
    photos(photographs, tmp_path / "made")
    with pytest.raises(SystemExit, match="1"):
        synthesize.main(["statistics", str(tmp_path / "made")])
    assert "has no pair with a crop of 256×256 pixels" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="Windows ends a process without asking it")
def test_ending_it_midway_leaves_nothing(photographs, tmp_path):
    command = python("synthesize.py", "photos", "--source", str(photographs), "--size", "32", "--out", "made")
    command += ["--shake", "reach=8", "--pairs", "2000"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        while process.poll() is None and not list(tmp_path.rglob("*.png")):
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert "Ended before it was done." in process.stderr.read()
    assert process.returncode == 1
    assert os.listdir(tmp_path) == []


def test_help_imports_nothing_heavy():
    program = (
        "import runpy, sys\n"
        f"sys.argv = [{python('synthesize.py')[1]!r}, 'photos', '--help']\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code\n"
        "assert not {'torch', 'mmengine', 'cv2', 'numpy'} & set(sys.modules), 'heavy'\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "--shake" in result.stdout
