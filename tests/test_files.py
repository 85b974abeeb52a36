import errno
import os
import signal
import subprocess
import sys

import pytest
from filelock import Timeout

from fcn_plugin import files
from fcn_plugin.errors import InputError
from fcn_plugin.files import (
    cannot_be_written,
    check_writable,
    read_json,
    remove_abandoned,
    resumable_folder,
    sha256_of,
    unfinished_folder,
    whole_file,
    whole_folder,
    write_atomically,
)


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "new" / "file.txt"
    write_atomically(path, "one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["file.txt"]


def test_a_files_sha256_is_that_of_its_content(tmp_path):
    write_atomically(tmp_path / "file.txt", "abc")
    assert sha256_of(tmp_path / "file.txt").startswith("ba7816bf8f01cfea414140de5dae2223")


@pytest.mark.parametrize("content", [b'{"cut', b"\xff", b"[" * 100_000])
def test_json_that_cannot_be_read_is_told_with_what_to_do(content, tmp_path):
    path = tmp_path / "file.json"
    with pytest.raises(
        InputError, match=r"file\.json: cannot be read \(No such file or directory\); mend it"
    ):
        read_json(path, "mend it")
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"file\.json: not JSON; mend it"):
        read_json(path, "mend it")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    write_atomically(path, "old")

    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", no_space)
    with pytest.raises(InputError, match=r"file\.txt cannot be written \(No space left .* make room"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signal")
def test_what_a_killed_process_has_left_is_removed_and_what_another_is_at_is_not(tmp_path):
    code = (
        "import os, signal, sys\n"
        "from fcn_plugin.files import whole_file\n"
        "with whole_file(sys.argv[1]) as beside:\n"
        "    beside.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path / "a.mp4"]).returncode == -signal.SIGKILL
    (left,) = os.listdir(tmp_path)
    assert left.startswith(".a.")
    assert left.endswith(".mp4")
    others = [".a.original.mp4", left.replace(".fcn-unfinished-", ".fcn-unfinished-another")]
    for name in others:
        (tmp_path / name).touch()
    with whole_file(tmp_path / "a.mp4") as beside:
        beside.write_text("whole")
        remove_abandoned(tmp_path)
        assert sorted(os.listdir(tmp_path)) == sorted([*others, beside.name])
    assert sorted(os.listdir(tmp_path)) == sorted([*others, "a.mp4"])
    remove_abandoned(tmp_path / "missing")


def test_whether_a_file_can_be_made_is_known_before(tmp_path):
    check_writable(tmp_path / "new" / "file")
    assert os.listdir(tmp_path / "new") == []
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/below cannot be written .* choose another place"):
        check_writable(tmp_path / "file" / "below")


def test_a_place_that_takes_no_file_is_named_in_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/below/new\.txt cannot be written .* choose another place"):
        write_atomically(tmp_path / "file" / "below" / "new.txt", "")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"folder cannot be written \(Is a directory"):
        write_atomically(tmp_path / "folder", "")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_only_a_disk_without_room_is_said_to_have_none(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "free_bytes", lambda path: (tmp_path, 0))
    for number in (errno.ENOENT, errno.EACCES, errno.EIO):
        sentence = str(cannot_be_written("a.txt", OSError(number, os.strerror(number))))
        assert sentence.startswith(f"a.txt cannot be written ({os.strerror(number)}; ")
        assert "; check the path, allow writing there or choose another place" in sentence
    for error in (OSError(errno.EDQUOT, "Disk quota exceeded"), RuntimeError("as LMDB's")):
        assert "; make room, allow writing there or choose another place" in str(
            cannot_be_written("a.txt", error)
        )
    assert "a.txt cannot be written (the disk is full; " in str(
        cannot_be_written("a.txt", RuntimeError("Input/output error"))
    )


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_files_and_folders_have_ordinary_modes(tmp_path):
    (tmp_path / "ordinary").write_text("")
    write_atomically(tmp_path / "atomic", "")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "ordinary").stat().st_mode
    (tmp_path / "folder").mkdir()
    with whole_folder(tmp_path / "whole"):
        pass
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "folder").stat().st_mode


def test_a_folder_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "folder"
    for content in ("one", "two"):
        with whole_folder(path) as beside:
            (beside / "file").write_text(content)
            (beside / "below").mkdir()
            (beside / "below" / "file").write_text(content)
            assert not (path / "file").exists() or (path / "file").read_text() == "one"
        assert (path / "file").read_text() == content
        assert (path / "below" / "file").read_text() == content
    assert os.listdir(tmp_path) == ["folder"]


def test_a_failed_folder_leaves_the_old_one(tmp_path):
    path = tmp_path / "folder"
    with whole_folder(path) as beside:
        (beside / "file").write_text("old")

    def interrupted():
        with whole_folder(path) as beside:
            (beside / "file").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (path / "file").read_text() == "old"
    assert os.listdir(tmp_path) == ["folder"]


def test_a_folder_is_built_over_several_runs(tmp_path):
    path = tmp_path / "folder"

    def interrupted():
        with resumable_folder(path) as folder:
            (folder / "one").write_text("1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(tmp_path) == [".folder.partial"]
    with resumable_folder(path) as folder:
        assert (folder / "one").read_text() == "1"
        folder.with_name("beside").touch()
        (folder / "two").write_text("2")
    assert os.listdir(tmp_path) == ["folder"]
    assert sorted(os.listdir(path)) == ["one", "two"]


def test_a_folder_built_over_several_runs_replaces_the_old_one_at_the_end(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").touch()
    # What is left of a run that was killed while it replaced an older one.
    replaced = unfinished_folder(path).with_name("replaced")
    replaced.mkdir(parents=True)
    (replaced / "older").touch()
    with resumable_folder(path) as folder:
        (folder / "new").touch()
        assert os.listdir(path) == ["old"]
    assert os.listdir(path) == ["new"]
    assert os.listdir(tmp_path) == ["folder"]


def test_only_one_process_builds_a_folder(tmp_path):
    with resumable_folder(tmp_path / "folder"), pytest.raises(Timeout), resumable_folder(tmp_path / "folder"):
        pass
    assert os.listdir(tmp_path) == ["folder"]
