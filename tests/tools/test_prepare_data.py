import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from fcn_plugin.datasets import GoProDataset, HIDEDataset, RealBlurDataset, REDSDataset
from fcn_plugin.datasets.realblur import RELEASED_AS
from fcn_plugin.datasets.storage import FolderStore, LMDBStore

from ..conftest import assert_same_pairs

TOOL = Path(__file__).parents[2] / "tools/prepare_data.py"


@pytest.fixture(scope="module")
def prepare():
    """Runs the tool in this process, with the given words of a command line."""
    specification = importlib.util.spec_from_file_location("prepare_data", TOOL)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return lambda *words: module.main([*map(str, words), "--workers", "0"])


@pytest.fixture(scope="module")
def few(prepare):
    """The tool on fewer pairs than were published."""
    return lambda *words: prepare(*words, "--incomplete")


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


def test_gopro(gopro, tmp_path, few, capsys):
    out = tmp_path / "GoPro"
    few("gopro", "--source", gopro, "--out", out)
    assert sorted(path.relative_to(out).as_posix() for path in out.glob("*/*")) == [
        "test/blur.lmdb", "test/sharp.lmdb", "train/blur.lmdb", "train/sharp.lmdb"
    ]  # fmt: skip
    for split in ("train", "test"):
        dataset = GoProDataset(out, split, "linear")
        assert dataset.metainfo["storage"] == "lmdb"
        assert_same_pairs(dataset, GoProDataset(gopro, split, "linear"))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert all(": 3 images, " in line for line in lines)


def test_running_again_writes_only_what_is_missing(gopro, tmp_path, few, capsys):
    command = "gopro", "--source", gopro, "--out", tmp_path / "GoPro", "--splits", "train"
    few(*command)
    capsys.readouterr()
    few(*command, "--blur", "linear", "--blur", "gamma")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0].rsplit("/", 1)[1] for line in lines if "left alone" in line] == [
        "blur.lmdb", "sharp.lmdb"
    ]  # fmt: skip
    assert GoProDataset(tmp_path / "GoPro", "train", "gamma").input.info["blur"] == "gamma"
    few(*command, "--overwrite")
    assert "left alone" not in capsys.readouterr().out


def test_flat_tree(tmp_path, few):
    for folder in ("input", "target"):
        write_images(tmp_path / "flat/test" / folder, "GOPR1-000001.png")
    few("gopro", "--source", tmp_path / "flat", "--out", tmp_path / "out", "--splits", "test")
    assert GoProDataset(tmp_path / "out", "test", "linear", "lmdb").keys() == ["GOPR1-000001"]


def test_hide(tmp_path, few):
    source = tmp_path / "source"
    write_images(source, "test/test-close-ups/a.MP4.png", "test/test-long-shot/b.png")
    write_images(source / "GT", "a.MP4.png", "b.png", "more.png")
    few("hide", "--source", source, "--out", tmp_path / "HIDE")
    assert_same_pairs(HIDEDataset(tmp_path / "HIDE", "lmdb"), HIDEDataset(source))


def test_reds_from_its_archives(tmp_path, few, write_zip):
    for kind in ("blur", "sharp"):
        write_images(tmp_path / kind, *(f"val/val_{kind}/00{n}/00000000.png" for n in range(2)))
        write_zip(tmp_path / f"downloads/val_{kind}.zip", tmp_path / kind)
    few("reds", "--source", tmp_path / "downloads", "--out", tmp_path / "REDS", "--splits", "val")
    prepared, released = REDSDataset(tmp_path / "REDS", "val"), REDSDataset(tmp_path / "downloads", "val")
    assert (prepared.metainfo["storage"], released.metainfo["storage"]) == ("lmdb", "zip")
    assert_same_pairs(prepared, released)


def test_realblur(tmp_path, few):
    source = tmp_path / "RealBlur"
    for subset, folder in RELEASED_AS.items():
        for split in ("train", "test"):
            pair = [f"{folder}/{split}/{kind}/{kind}_1.png" for kind in ("gt", "blur")]
            write_images(source, *pair)
            (source / f"RealBlur_{subset}_{split}_list.txt").write_text(" ".join(pair))
    few("realblur", "--source", source, "--out", tmp_path / "out", "--subsets", "R")
    for split in ("train", "test"):
        assert_same_pairs(
            RealBlurDataset(tmp_path / "out", "R", split, "lmdb"), RealBlurDataset(source, "R", split)
        )
    assert not (tmp_path / "out/RealBlur_J").exists()


@pytest.mark.parametrize(("encoding", "top"), [("png", ""), ("raw", "GOPRO_Large")])
def test_gopro_from_the_zip(gopro, tmp_path, few, write_zip, encoding, top):
    archive = write_zip(tmp_path / "GOPRO_Large.zip", gopro, top)
    out = tmp_path / "GoPro"
    few("gopro", "--source", archive, "--out", out, "--blur", "gamma", "--encoding", encoding)
    for split in ("train", "test"):
        prepared = GoProDataset(out, split, "gamma")
        assert prepared.input.info["encoding"] == encoding
        assert_same_pairs(prepared, GoProDataset(gopro, split, "gamma"))


def test_lmdbs_are_a_source_too(gopro, tmp_path, few):
    few("gopro", "--source", gopro, "--out", tmp_path / "first")
    few("gopro", "--source", tmp_path / "first", "--out", tmp_path / "second", "--encoding", "raw")
    for split in ("train", "test"):
        prepared = GoProDataset(tmp_path / "second", split, "linear")
        assert prepared.metainfo["storage"] == "lmdb"
        assert_same_pairs(prepared, GoProDataset(gopro, split, "linear"))


def test_number_of_pairs(tmp_path, prepare, capsys):
    """A release that lost a pair is refused; one of all 2025 comes as far as their size."""
    write_images(tmp_path, "a.png", height=8, width=8)
    image = (tmp_path / "a.png").read_bytes()
    names = [f"test-close-ups/{n}.png" for n in range(962)] + [
        f"test-long-shot/{n}.png" for n in range(962, 2025)
    ]
    for archive, kept in (("HIDE.zip", names), ("lost.zip", names[:-1])):
        with zipfile.ZipFile(tmp_path / archive, "w") as opened:
            for name in kept:
                opened.writestr(f"HIDE_dataset/test/{name}", image)
                opened.writestr(f"HIDE_dataset/GT/{name.split('/')[1]}", image)
    lost = "hide", "--source", tmp_path / "lost.zip", "--out", tmp_path / "HIDE"
    with pytest.raises(SystemExit, match="1"):
        prepare(*lost)
    message = r"holds 2024 pairs, but HIDE \(.*\) was published with 2025; get .* or give --incomplete"
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "HIDE").exists()
    with pytest.raises(SystemExit, match="1"):
        prepare("hide", "--source", tmp_path / "HIDE.zip", "--out", tmp_path / "HIDE")
    assert "holds images of 8×8, but HIDE" in capsys.readouterr().err


def test_crops_may_be_any_number(tmp_path, prepare):
    for kind in ("blur", "sharp"):
        write_images(tmp_path / f"crops/train/{kind}_crops", "GOPR1-000001_s001.png", "GOPR1-000001_s002.png")
    prepare("gopro", "--source", tmp_path / "crops", "--out", tmp_path / "out", "--splits", "train")
    assert len(GoProDataset(tmp_path / "out", "train", "linear")) == 2


def test_a_missing_split_is_told(gopro, tmp_path, prepare, few, capsys):
    (gopro / "test").rename(tmp_path / "elsewhere")
    command = "gopro", "--source", gopro, "--out", tmp_path / "out"
    with pytest.raises(SystemExit, match="1"):
        prepare(*command)
    message = (
        rf"error: GoPro \(split='test', blur='linear'\) is not in {gopro}, which holds train/ .*: choose "
    )
    message += "what there is by --splits and --blur, or give --incomplete for all of it"
    assert re.match(message, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()
    few(*command)
    assert os.listdir(tmp_path / "out") == ["train"]


def test_another_archive_is_refused(tmp_path, few, write_zip, capsys):
    write_images(tmp_path / "hide", "HIDE_dataset/test/test-close-ups/a.png", "HIDE_dataset/GT/a.png")
    archive = write_zip(tmp_path / "HIDE.zip", tmp_path / "hide")
    with pytest.raises(SystemExit, match="1"):
        few("gopro", "--source", archive, "--out", tmp_path / "out")
    assert re.match(
        rf"error: GoPro \(split='train', blur='linear'\) is not in {archive}, which holds HIDE_dataset/ "
        r"but none of .*train/\*/blur/\*.*: download GOPRO_Large\.zip from ",
        capsys.readouterr().err,
    )


def test_a_damaged_archive_is_refused(gopro, tmp_path, few, write_zip, capsys):
    """Whatever is found midway, nothing remains that looks like a whole LMDB."""
    write_images(gopro, "train/GOPR0/blur/000002.png", height=200, width=200)
    write_images(gopro, "train/GOPR0/sharp/000002.png", height=200, width=200)
    archive = write_zip(tmp_path / "GoPro.zip", gopro)
    whole = archive.read_bytes()
    with zipfile.ZipFile(archive) as opened:
        middle = opened.getinfo("train/GOPR0/blur/000002.png").header_offset + 60_000
    for content, message in (
        (whole[: len(whole) // 2], r"GoPro\.zip is cut off or no zip archive"),
        (whole[:middle] + b"\0" * 99 + whole[middle + 99 :], r"000002\.png is damaged \(.*\); download"),
    ):
        archive.write_bytes(content)
        with pytest.raises(SystemExit, match="1"):
            few("gopro", "--source", archive, "--out", tmp_path / "out", "--splits", "train")
        assert re.search(message, capsys.readouterr().err)
        assert not list(tmp_path.glob("out/*/[!.]*"))


def test_folder(tmp_path, prepare):
    write_images(tmp_path / "images", "a.png", "b/c.jpg")
    prepare("folder", "--source", tmp_path / "images", "--out", tmp_path / "images.lmdb")
    folder, written = FolderStore(tmp_path / "images"), LMDBStore(tmp_path / "images.lmdb")
    assert written.keys() == ["a", "b/c"]
    np.testing.assert_array_equal(written.read("b/c"), folder.read("b/c"))
    assert written.info["dataset"] == "images"


@pytest.mark.parametrize("flaw", ["unpaired", "size"])
def test_pairs_are_checked_before_anything_is_written(gopro, tmp_path, few, capsys, flaw):
    if flaw == "unpaired":
        write_images(gopro, "test/GOPR0/sharp/000002.png")
        message = r"1 of the 4 images in .*sharp.* have no partner"
    else:
        write_images(gopro, "test/GOPR2/sharp/000001.png", height=20)
        message = "'GOPR2/000001' differ in size: 32×24 in .* but 32×20 in"
    with pytest.raises(SystemExit, match="1"):
        few("gopro", "--source", gopro, "--out", tmp_path / "out")
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_command_line(gopro, tmp_path, write_zip):
    """A worker process of its own reads the archive."""
    archive = write_zip(tmp_path / "GoPro.zip", gopro)
    command = [sys.executable, TOOL, "gopro", "--source", archive, "--out", tmp_path / "out"]
    command += ["--splits", "train", "--incomplete", "--workers", "1"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, len(result.stdout.splitlines())) == (0, 2)
    assert_same_pairs(
        GoProDataset(tmp_path / "out", "train", "linear"), GoProDataset(gopro, "train", "linear")
    )


def test_error_is_one_sentence(tmp_path):
    command = [sys.executable, TOOL, "hide", "--source", tmp_path, "--out", tmp_path / "out"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: HIDE (split='test', ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="Windows ends a process without asking it")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_ending_it_midway_keeps_what_was_written(tmp_path, ending):
    images, out = tmp_path / "images", tmp_path / "out"
    write_images(images, "000.png", height=1000, width=1000)
    for number in range(1, 60):
        (images / f"{number:03d}.png").hardlink_to(images / "000.png")
    record = out / ".a.lmdb.partial/written.txt"
    command = [sys.executable, TOOL, "folder", "--source", images, "--out", out / "a.lmdb", "--workers", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not (record.exists() and record.stat().st_size):
            time.sleep(0.01)
        process.send_signal(ending)
        assert "Ended before it was done; the same command goes on" in process.stderr.read()
        assert re.search(r"a\.lmdb: unfinished, [1-9]\d* of 60 images are kept; run", process.stdout.read())
    assert process.returncode == 1
    assert os.listdir(out) == [".a.lmdb.partial"]


@pytest.fixture
def verify(gopro, tmp_path, few, prepare, capsys):
    """Prepares GoPro's training split and returns what checks it: the exit status and the lines printed."""
    few("gopro", "--source", gopro, "--out", tmp_path, "--splits", "train", "--encoding", "raw")

    def run():
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            prepare("gopro", "--out", tmp_path, "--verify")
        return caught.value.code, capsys.readouterr().out.splitlines()

    return run


def test_verify_lists_what_is_broken(tmp_path, verify):
    blur, sharp = (f"{tmp_path}/train/{name}.lmdb: whole." for name in ("blur", "sharp"))
    assert verify() == (0, [blur, sharp])
    image = GoProDataset(tmp_path, "train", "linear").input.read("GOPR1/000001").tobytes()
    data = tmp_path / "train/blur.lmdb/data.mdb"
    content = data.read_bytes()
    assert content.count(image) == 1
    data.write_bytes(content.replace(image, image[::-1]))
    broken = f"'GOPR1/000001' in {tmp_path}/train/blur.lmdb is not what was written"
    remedy = f"{tmp_path}/train/blur.lmdb: 1 broken; remove it and prepare it again."
    assert verify() == (1, [broken, remedy, sharp])


def test_verify_goes_on_after_what_it_cannot_check(tmp_path, verify):
    (tmp_path / "train/blur.lmdb/checksums.txt").unlink()
    status, (flaw, whole) = verify()
    assert (status, whole) == (1, f"{tmp_path}/train/sharp.lmdb: whole.")
    assert re.match(rf"{tmp_path}/train/blur\.lmdb has no checksums\.txt", flaw)


def test_a_negative_number_of_workers_is_refused(tmp_path, prepare, capsys):
    with pytest.raises(SystemExit, match="2"):
        prepare("folder", "--source", tmp_path, "--out", tmp_path / "a.lmdb", "--workers", "-1")
    assert "argument --workers: must be 0 or more, not -1" in capsys.readouterr().err


def test_verify_needs_something_to_verify(tmp_path, prepare, capsys):
    with pytest.raises(SystemExit, match="1"):
        prepare("reds", "--out", tmp_path, "--verify")
    assert (
        capsys.readouterr().err == f"error: There are no LMDBs in {tmp_path}; prepare them with --source.\n"
    )


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
