"""The installed command, as a process and called."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from fcn_plugin import Deblurrer
from fcn_plugin.inference.command import main
from fcn_plugin.inference.image_file import read_image
from fcn_plugin.inference.ledger import Ledger
from fcn_plugin.inference.options import SMALLEST_TILE


@pytest.fixture
def inputs(tmp_path, monkeypatch, photograph) -> Path:
    """Photographs to restore; the working folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "in/b.png", "in/sub/c.tif"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photograph).save(name)
    return tmp_path


def run(*words) -> int:
    """Calls the command; its exit status."""
    with pytest.raises(SystemExit) as exited:
        main([str(word) for word in words])
    return exited.value.code


def files_in(folder) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


def unread_pipe() -> TextIO:
    """As standard output is to a command before ``| true``."""
    read, write = os.pipe()
    os.close(read)
    return os.fdopen(write, "w")


def full_disk() -> TextIO:
    """As standard output is to a command before ``> log.txt``, where there is no more room."""
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no disk here that is always full")
    return open("/dev/full", "w")


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from fcn_plugin.inference.command import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print('IMPORTED', *sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    usage, _, imported = shown.partition("IMPORTED")
    for option in ("--output", "--tile", "--self-ensemble", "--compare", "--device", "--dtype", "--web"):
        assert option in usage
    assert "{local,global}" in usage
    assert f"{SMALLEST_TILE} or more" in " ".join(usage.split())
    assert not {"torch", "cv2", "gradio", "onnxruntime", "mmengine", "numpy", "PIL", "rich", "av"} & set(
        imported.split()
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [([], "give an INPUT to restore, or --web"), (["--web", "a.jpg"], "--web takes no INPUT")],
)
def test_inputs_or_the_page(capsys, words, sentence):
    assert run(*words) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["a.jpg", "--port", "8000"], "--port is for --web: leave out one of the two"),
        (["a.jpg", "--host", "0.0.0.0"], "--host is for --web"),
        (["a.jpg", "--max-megapixels", "5"], "--max-megapixels is for --web"),
        (["a.jpg", "--max-upload", "5"], "--max-upload is for --web"),
        (["--web", "--compare"], "--compare is for files"),
        (["--web", "--overwrite"], "--overwrite is for files"),
        (["--web", "-o", "out"], "--output is for files"),
    ],
)
def test_options_that_would_be_ignored_are_refused(capsys, words, sentence):
    assert run(*words) == 2
    assert sentence in capsys.readouterr().err


def test_onnx_is_onnx(inputs, weights, capsys):
    assert run("a.jpg", "--onnx", weights) == 1
    assert f"error: {weights}: is no ONNX file; give it as --weights" in capsys.readouterr().err


def test_files_and_folders(inputs, weights, capsys):
    assert run("a.jpg", "in", "-o", "out", "--weights", weights, "--device", "cpu") == 0
    assert files_in("out") == [".fcn-deblur.jsonl", "a.jpg", "b.png", "sub/c.tif"]
    shown = capsys.readouterr()
    assert shown.out == "out: 3 restored, 0 skipped that had been before, 0 failed.\n"
    assert re.fullmatch(
        r"a\.jpg \(1/3\): restored in [\d.]+ s, ETA [\d:]+\n"
        r"b\.png \(2/3\): restored in [\d.]+ s, ETA [\d:]+\n"
        r"c\.tif \(3/3\): restored in [\d.]+ s, ETA 0:00:00\n+",  # older versions of rich end with two
        shown.err,
    )
    image = read_image("in/b.png")
    restored = (Deblurrer(weights, device="cpu").restore(image.rgb) * 255).round()
    assert np.abs(restored - image.rgb * 255).max() > 2
    np.testing.assert_array_equal(np.array(Image.open("out/b.png")), restored)


def test_what_is_done_is_skipped(inputs, weights, capsys):
    words = ("a.jpg", "in", "-o", "out", "--weights", weights)
    run(*words)
    Path("out/b.png").unlink()
    before = {name: Path("out", name).stat().st_mtime_ns for name in ("a.jpg", "sub/c.tif")}
    capsys.readouterr()
    assert run(*words) == 0
    assert capsys.readouterr().out == "out: 1 restored, 2 skipped that had been before, 0 failed.\n"
    assert before == {name: Path("out", name).stat().st_mtime_ns for name in before}
    assert run(*words, "--overwrite") == 0
    assert capsys.readouterr().out == "out: 3 restored, 0 skipped that had been before, 0 failed.\n"
    assert all(Path("out", name).stat().st_mtime_ns > moment for name, moment in before.items())


def test_results_of_other_weights_or_options_are_neither_taken_nor_replaced(inputs, weights, capsys):
    words = ("a.jpg", "-o", "out", "--weights", weights)
    run(*words)
    content = Path("out/a.jpg").read_bytes()
    assert run(*words, "--self-ensemble") == 1
    other = torch.load(weights, weights_only=True)
    torch.save({name: tensor * 2 for name, tensor in other.items()}, "other.pth")
    assert run(*words[:-1], "other.pth") == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2
    assert all(
        "out/a.jpg is there already, but was not made of a.jpg as it is now, with" in line for line in errors
    )
    assert Path("out/a.jpg").read_bytes() == content
    assert run(*words, "--self-ensemble", "--overwrite") == 0
    assert run(*words, "--self-ensemble") == 0


def test_a_file_of_somebody_elses_is_not_replaced(inputs, weights):
    Path("out").mkdir()
    Path("out/a.jpg").write_text("precious")
    assert run("a.jpg", "-o", "out", "--weights", weights) == 1
    assert Path("out/a.jpg").read_text() == "precious"


def test_a_result_that_was_replaced_is_neither_taken_nor_replaced(inputs, weights, capsys):
    words = ("a.jpg", "in/b.png", "-o", "out", "--weights", weights)
    run(*words)
    Path("out/a.jpg").write_text("precious")
    capsys.readouterr()
    assert run(*words) == 1
    shown = capsys.readouterr()
    assert (
        "error: out/a.jpg is there already, but is no longer what was made here; give --overwrite or another "
        "--output.\n"
    ) in shown.err
    assert shown.out == "out: 0 restored, 1 skipped that had been before, 1 failed.\n"
    assert Path("out/a.jpg").read_text() == "precious"
    assert run(*words, "--overwrite") == 0
    assert run(*words) == 0


def test_comparisons(inputs, weights):
    words = ("a.jpg", "-o", "out", "--weights", weights)
    run(*words)
    assert run(*words, "--compare") == 0
    path = Path("out/a.jpg.compare.jpg")
    assert Image.open(path).size == (2 * 52 + 2, 40)
    made = path.stat().st_mtime_ns
    run(*words, "--compare")
    assert path.stat().st_mtime_ns == made
    run(*words, "--compare", "--overwrite")
    assert path.stat().st_mtime_ns > made


def test_comparisons_follow_their_results(inputs, weights):
    words = ("a.jpg", "-o", "out", "--weights", weights)
    path = Path("out/a.jpg.compare.jpg")
    run(*words, "--compare")
    first = path.read_bytes()
    run(*words)
    assert path.read_bytes() == first
    assert run(*words, "--overwrite", "--self-ensemble") == 0
    second = path.read_bytes()
    assert second != first

    # As by a run that was killed between a result and its comparison.
    ledger = Path("out/.fcn-deblur.jsonl")
    lines = ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join(line for line in lines[:-2] if "whole" not in line))
    path.write_bytes(first)
    assert run(*words, "--self-ensemble") == 0
    assert path.read_bytes() == second


def test_a_picture_of_somebody_elses_is_no_comparison(inputs, weights, capsys):
    Path("out").mkdir()
    path = Path("out/a.jpg.compare.jpg")
    path.write_text("precious")
    words = ("a.jpg", "in/b.png", "-o", "out", "--weights", weights, "--compare")
    for restored, skipped in ((2, 0), (0, 2)):
        assert run(*words) == 1
        shown = capsys.readouterr()
        (error,) = [line for line in shown.err.splitlines() if line.startswith("error: ")]
        assert error.startswith("error: out/a.jpg.compare.jpg is there already, but is no comparison")
        assert shown.out == (
            f"out: {restored} restored, {skipped} skipped that had been before, 0 failed; 1 of them not "
            "compared.\n"
        )
        assert path.read_text() == "precious"
    assert run("a.jpg", *words[2:-1], "--overwrite") == 0
    assert path.read_text() == "precious"
    assert run(*words, "--overwrite") == 0
    assert Image.open(path).size == (2 * 52 + 2, 40)


def test_a_comparison_that_cannot_be_written(inputs, weights, capsys):
    Path("out/a.jpg.compare.jpg").mkdir(parents=True)
    words = ("a.jpg", "in/b.png", "-o", "out", "--weights", weights, "--compare")
    assert run(*words, "--overwrite") == 1
    shown = capsys.readouterr()
    assert "error: out/a.jpg.compare.jpg cannot be written (Is a directory; " in shown.err
    assert "a.jpg (1/2): restored" in shown.err
    assert shown.out == "out: 2 restored, 0 skipped that had been before, 0 failed; 1 of them not compared.\n"


def test_running_out_of_memory_leaves_the_rest_alone(inputs, weights, monkeypatch, capsys):
    def limited(self, image):
        if not image[..., 0].any():
            raise MemoryError
        return image

    monkeypatch.setattr(Deblurrer, "restore", limited)
    Image.new("RGB", (30, 20), (0, 9, 9)).save("in/a.png")
    assert run("in", "-o", "out", "--weights", weights) == 1
    shown = capsys.readouterr()
    assert "error: in/a.png takes more memory than there is; close other programs, or cut it" in shown.err
    assert shown.out == "out: 2 restored, 0 skipped that had been before, 1 failed.\n"


def test_what_another_process_has_made_in_the_meantime(inputs, weights, photograph, monkeypatch, capsys):
    """The first file takes so long that the others are there when it is finished."""
    words = ("in", "-o", "out", "--weights", weights)
    Image.fromarray(photograph[::-1]).save("in/z.png")
    restore = Deblurrer.restore
    calls = []

    def restore_beside_another(self, image):
        calls.append(image)
        if len(calls) == 1:
            run("in/sub", "-o", "out/sub", "--weights", weights)  # what the other knows, this one does not
            options = {"weights": self.description["sha256"], "dtype": "torch.float32", "mode": self.mode}
            ledger = Ledger(Path("out"), {**options, "tile": None, "self_ensemble": False})
            with ledger.recording(Path("out/z.png"), Path("in/z.png")) as when_whole:
                read_image("in/z.png").write("out/z.png", image, when_whole)
        return restore(self, image)

    monkeypatch.setattr(Deblurrer, "restore", restore_beside_another)
    assert run(*words) == 1
    shown = capsys.readouterr()
    assert shown.out.splitlines()[-1] == "out: 1 restored, 1 skipped that had been before, 1 failed."
    assert "error: out/sub/c.tif is there already, but was not made of in/sub/c.tif" in shown.err
    assert len(calls) == 2


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
def test_names_of_all_kinds(inputs, weights, photograph, capsys):
    names = ["two\nlines.png", "\x1b[31mred.png", os.fsdecode(b"\xff.png"), "x" * 251 + ".png"]
    Path("names").mkdir()
    for name in names:
        Path("names", name).write_bytes(Path("in/b.png").read_bytes())
    assert run("names", "-o", "out", "--weights", weights) == 0
    assert sorted(files_in("out")) == sorted([*names, ".fcn-deblur.jsonl"])
    lines = capsys.readouterr().err.splitlines()
    assert any(line.startswith(r"two\nlines.png (") for line in lines)
    assert any(line.startswith(r"\x1b[31mred.png (") for line in lines)
    assert run("names", "-o", "out", "--weights", weights, "--compare") == 1
    shown = capsys.readouterr()
    assert shown.err.count("error: ") == 1
    assert "compare.jpg cannot be written (File name too long; " in shown.err


def test_a_name_that_standard_output_cannot_show(inputs, weights):
    command = [sys.executable, "-m", "fcn_plugin.inference.command", "a.jpg", "--weights", str(weights)]
    done = subprocess.run(
        [*command, "-o", "öut"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "\\xf6ut: 1 restored, 0 skipped that had been before, 0 failed.\n"


@pytest.mark.parametrize(
    ("open_output", "status", "said"),
    [
        (lambda: None, 0, ""),
        (unread_pipe, 1, ""),
        (full_disk, 1, r"error: standard output takes nothing \(No space left on device\); make room.*"),
    ],
)
def test_standard_output_that_takes_nothing(inputs, weights, monkeypatch, capsys, open_output, status, said):
    monkeypatch.setattr(sys, "stdout", open_output())
    assert run("a.jpg", "-o", "out", "--weights", weights) == status
    if sys.stdout is not None:
        sys.stdout.close()  # as at the end of the process, when Python writes what is left
    assert re.fullmatch(rf"a\.jpg \(1/1\): restored in .*\n+{said}\n*", capsys.readouterr().err)
    assert files_in("out") == [".fcn-deblur.jsonl", "a.jpg"]


def test_further_pictures_in_a_file_are_told(inputs, weights, photograph, capsys):
    if "MPO" not in Image.SAVE_ALL:
        pytest.skip("this Pillow reads, but does not write such files")
    depth = Image.new("L", (8, 8))
    Image.fromarray(photograph).save("phone.jpg", "MPO", save_all=True, append_images=[depth])
    assert run("phone.jpg", "-o", "out", "--weights", weights) == 0
    assert (
        "note: phone.jpg holds 2 pictures; the first is restored, the rest left out.\n"
        in capsys.readouterr().err
    )


def test_what_is_left_out_of_a_folder_is_told(inputs, weights, capsys):
    Path("in/phone.heic").touch()
    assert run("in", "-o", "out", "--weights", weights) == 0
    assert (
        "note: in: 1 left out, as no images or videos that can be read here: 1 .heic.\n"
        in capsys.readouterr().err
    )


def test_bad_files_leave_the_rest_alone(inputs, weights, photograph, capsys):
    picture = Image.fromarray(photograph)
    Path("in/empty.jpg").touch()
    Path("in/cut.jpg").write_bytes(Path("a.jpg").read_bytes()[:600])
    picture.convert("CMYK").save("in/inks.jpg")
    picture.save("in/moving.gif", save_all=True, append_images=[Image.fromarray(255 - photograph)])
    picture.convert("P").save("in/palette.png")
    picture.resize((1, 1)).save("in/one.png")
    picture.resize((2000, 5)).save("in/long.png")
    Path("in/video.mp4").write_bytes(b"nothing of the kind" * 10)
    Path("nothing").mkdir()
    assert run("in", "nothing", "missing.jpg", "-o", "out", "--weights", weights) == 1
    shown = capsys.readouterr()
    errors = [line for line in shown.err.splitlines() if line.startswith("error: ")]
    named = (
        "nothing",
        "in/cut.jpg",
        "in/empty.jpg",
        "in/inks.jpg",
        "in/moving.gif",
        "in/video.mp4",
        "missing.jpg",
    )
    assert len(errors) == len(named)
    for error, name in zip(errors, named, strict=True):
        assert error.startswith(f"error: {name}"), error
    assert shown.out == "out: 5 restored, 0 skipped that had been before, 7 failed.\n"
    assert files_in("out") == [
        ".fcn-deblur.jsonl",
        "b.png",
        "long.png",
        "one.png",
        "palette.png",
        "sub/c.tif",
    ]
    assert Image.open("out/one.png").size == (1, 1)
    assert Image.open("out/long.png").size == (2000, 5)


def test_an_output_that_takes_no_files_is_told_before_anything_is_restored(
    inputs, weights, monkeypatch, capsys
):
    monkeypatch.setattr(Deblurrer, "restore", lambda self, image: pytest.fail("restored in vain"))
    Path("out").touch()
    assert run("a.jpg", "in/b.png", "-o", "out", "--weights", weights) == 1
    assert (
        capsys.readouterr().err
        == "error: --output out cannot be a folder, for out is a file; give another.\n"
    )
    Path("new").mkdir()
    Path("new/sub").touch()
    assert run("in/sub", "in/sub/c.tif", "-o", "new/sub/below", "--weights", weights) == 1
    assert capsys.readouterr().err.count("error: ") == 1
    Path("in/b.png").unlink()
    assert run("in", "-o", "new", "--weights", weights) == 1
    assert "error: new/sub/c.tif cannot be written (" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signal")
def test_a_killed_run_leaves_nothing_for_long(inputs, weights):
    code = (
        "import os, signal\n"
        "from fcn_plugin.files import whole_file\n"
        "with whole_file('out/sub/c.tif') as beside:\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    assert len(files_in("out")) == 1
    assert run("in", "-o", "out", "--weights", weights) == 0
    assert files_in("out") == [".fcn-deblur.jsonl", "b.png", "sub/c.tif"]


def test_an_empty_input(inputs, weights, capsys):
    assert run("", "-o", "out", "--weights", weights) == 1
    shown = capsys.readouterr()
    assert "error: an INPUT is empty; give the path of a file or folder.\n" in shown.err
    assert shown.out == "out: 0 restored, 0 skipped that had been before, 1 failed.\n"


def test_weights_that_are_none(inputs, capsys):
    Path("weights.pth").write_text("no")
    assert run("a.jpg", "-o", "out", "--weights", "weights.pth") == 1
    assert re.fullmatch(r"error: .*weights\.pth.*\n", capsys.readouterr().err)
    assert not Path("out").exists()


@pytest.mark.skipif(os.name != "posix", reason="only POSIX limits the size of files")
def test_a_full_disk(inputs, weights, capsys):
    import resource

    cv2.imwrite("in/large.png", np.random.default_rng(0).integers(0, 256, (150, 200, 3), np.uint8))
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        # To the process, a file that may not grow is what a full disk is.
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, unlimited[1]))
        assert run("in", "-o", "out", "--weights", weights) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    shown = capsys.readouterr()
    errors = [line for line in shown.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert re.match(r"error: out/large\.png cannot be written \(File too large; .*\); make room", errors[0])
    assert files_in("out") == [".fcn-deblur.jsonl", "b.png", "sub/c.tif"]
    assert "2 restored" in shown.out


@pytest.mark.skipif(os.name != "posix", reason="Windows has other signals")
def test_stopping_leaves_nothing_half_written(inputs, weights, photograph):
    for number in range(400):
        Image.fromarray(photograph).save(f"in/{number:03}.png")
    command = [
        sys.executable,
        "-m",
        "fcn_plugin.inference.command",
        "in",
        "-o",
        "out",
        "--weights",
        str(weights),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not Path("out/000.png").exists():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "Stopped before all was done; the same command goes on from here."
    assert "Traceback" not in errors
    written = [name for name in files_in("out") if name != ".fcn-deblur.jsonl"]
    assert 0 < len(written) < 402
    for name in written:
        read_image(Path("out", name))
