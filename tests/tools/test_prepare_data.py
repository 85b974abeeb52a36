import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from fcn_plugin.datasets import GoProDataset, HIDEDataset
from fcn_plugin.datasets.storage import FolderStore, LMDBStore, verify_lmdb

TOOL = Path(__file__).parents[2] / "tools/prepare_data.py"


@pytest.fixture(scope="module")
def prepare():
    """Runs the tool in this process, with the given words of a command line."""
    specification = importlib.util.spec_from_file_location("prepare_data", TOOL)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return lambda *words: module.main([*map(str, words), "--workers", "0"])


def write_images(folder, *names, height=24, width=32):
    for seed, name in enumerate(names):
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
        assert cv2.imwrite(str(path), image)


@pytest.fixture
def gopro(tmp_path):
    for split in ("train", "test"):
        for kind in ("blur", "blur_gamma", "sharp"):
            write_images(tmp_path / "source" / split, *(f"GOPR{n}/{kind}/000001.png" for n in range(3)))
    return tmp_path / "source"


def assert_equal(a, b):
    assert a.keys() == b.keys()
    for index in range(len(a)):
        np.testing.assert_array_equal(a[index]["img"], b[index]["img"])
        np.testing.assert_array_equal(a[index]["gt"], b[index]["gt"])


def test_gopro(gopro, tmp_path, prepare, capsys):
    out = tmp_path / "GoPro"
    prepare("gopro", "--source", gopro, "--out", out)
    assert sorted(path.relative_to(out).as_posix() for path in out.glob("*/*")) == [
        "test/blur.lmdb", "test/sharp.lmdb", "train/blur.lmdb", "train/sharp.lmdb"
    ]  # fmt: skip
    for split in ("train", "test"):
        dataset = GoProDataset(out, split, "linear")
        assert dataset.metainfo["storage"] == "lmdb"
        assert_equal(dataset, GoProDataset(gopro, split, "linear"))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert all(": 3 images, " in line for line in lines)


def test_running_again_writes_only_what_is_missing(gopro, tmp_path, prepare, capsys):
    command = "gopro", "--source", gopro, "--out", tmp_path / "GoPro", "--splits", "train"
    prepare(*command)
    capsys.readouterr()
    prepare(*command, "--blur", "linear", "--blur", "gamma")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0].rsplit("/", 1)[1] for line in lines if "left alone" in line] == [
        "blur.lmdb", "sharp.lmdb"
    ]  # fmt: skip
    assert GoProDataset(tmp_path / "GoPro", "train", "gamma").input.info["blur"] == "gamma"
    prepare(*command, "--overwrite")
    assert "left alone" not in capsys.readouterr().out


def test_flat_tree(tmp_path, prepare):
    for folder in ("input", "target"):
        write_images(tmp_path / "flat/test" / folder, "GOPR1-000001.png")
    prepare("gopro", "--source", tmp_path / "flat", "--out", tmp_path / "out", "--splits", "test")
    assert GoProDataset(tmp_path / "out", "test", "linear", "lmdb").keys() == ["GOPR1-000001"]


def test_hide(tmp_path, prepare):
    source = tmp_path / "source"
    write_images(source, "test/test-close-ups/a.MP4.png", "test/test-long-shot/b.png")
    write_images(source / "GT", "a.MP4.png", "b.png", "more.png")
    prepare("hide", "--source", source, "--out", tmp_path / "HIDE")
    assert_equal(HIDEDataset(tmp_path / "HIDE", "lmdb"), HIDEDataset(source))


def test_folder(tmp_path, prepare):
    write_images(tmp_path / "images", "a.png", "b/c.jpg")
    prepare("folder", "--source", tmp_path / "images", "--out", tmp_path / "images.lmdb")
    folder, written = FolderStore(tmp_path / "images"), LMDBStore(tmp_path / "images.lmdb")
    assert written.keys() == ["a", "b/c"]
    np.testing.assert_array_equal(written.read("b/c"), folder.read("b/c"))
    assert written.info["dataset"] == "images"


@pytest.mark.parametrize("flaw", ["unpaired", "size"])
def test_pairs_are_checked_before_anything_is_written(gopro, tmp_path, prepare, capsys, flaw):
    if flaw == "unpaired":
        write_images(gopro, "test/GOPR0/sharp/000002.png")
        message = r"1 of the 4 images in .*sharp.* have no partner"
    else:
        write_images(gopro, "test/GOPR2/sharp/000001.png", height=20)
        message = "'GOPR2/000001' differ in size: 32×24 in .* but 32×20 in"
    with pytest.raises(SystemExit, match="1"):
        prepare("gopro", "--source", gopro, "--out", tmp_path / "out")
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_command_line(gopro, tmp_path):
    command = [sys.executable, TOOL, "gopro", "--source", gopro, "--out", tmp_path / "out", "--workers", "1"]
    result = subprocess.run([*command, "--splits", "train"], cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, len(result.stdout.splitlines())) == (0, 2)
    verify_lmdb(tmp_path / "out/train/blur.lmdb")


def test_error_is_one_sentence(tmp_path):
    command = [sys.executable, TOOL, "hide", "--source", tmp_path, "--out", tmp_path / "out"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: HIDE (split='test', ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="Windows ends a process without asking it")
def test_ending_it_midway_leaves_nothing(tmp_path):
    images, out = tmp_path / "images", tmp_path / "out"
    write_images(images, "000.png", height=1000, width=1000)
    for number in range(1, 60):
        (images / f"{number:03d}.png").hardlink_to(images / "000.png")
    command = [sys.executable, TOOL, "folder", "--source", images, "--out", out / "a.lmdb", "--workers", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not list(out.glob(".a.lmdb.*/data.mdb")):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert "Ended before it was done." in process.stderr.read()
    assert process.returncode == 1
    assert os.listdir(out) == []


def test_help_needs_no_slow_imports():
    script = f"""
import runpy, sys
sys.argv[1:] = ["--help"]
try:
    runpy.run_path({str(TOOL)!r}, run_name="__main__")
except SystemExit:
    sys.exit("slow" if {{"cv2", "mmengine", "torch"}} & set(sys.modules) else 0)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "gopro" in result.stdout
    assert result.returncode == 0, result.stderr
