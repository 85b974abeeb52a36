import json
import os
from pathlib import Path

import pytest

from fcn_plugin.errors import InputError
from fcn_plugin.files import write_atomically
from fcn_plugin.inference.ledger import LEDGER, Ledger

OPTIONS = {"weights": "abc", "tile": None}


class Folder:
    """An output folder, and a file in it to make of a source."""

    def __init__(self, place: Path):
        self.path, self.source = place / "out", place / "a.jpg"
        self.made, self.ledger_file = self.path / "sub" / "a.jpg", self.path / LEDGER
        self.source.write_text("source")
        self.made.parent.mkdir(parents=True)

    def ledger(self, **options) -> Ledger:
        return Ledger(self.path, {**OPTIONS, **options})

    def make(self, content: str = "made", **options) -> None:
        with self.ledger(**options).recording(self.made, self.source) as when_whole:
            write_atomically(self.made, content, when_whole)

    def is_current(self, **options) -> bool:
        return self.ledger(**options).is_current(self.made, self.source)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_remembers_what_made_a_file(folder):
    assert not folder.is_current()
    folder.make()
    assert folder.is_current()
    assert not folder.is_current(tile=256)
    folder.make(tile=256)
    assert folder.is_current(tile=256)
    assert not folder.is_current()


def test_notices_that_the_source_has_changed(folder):
    folder.make()
    folder.source.write_text("sourcf")
    os.utime(folder.source, (1, 1))
    assert not folder.is_current()


def test_tells_sources_of_one_name_size_and_time_apart(folder):
    folder.make()
    other = folder.source.with_name("other") / folder.source.name
    other.parent.mkdir()
    other.write_text("sourcf")
    facts = folder.source.stat()
    os.utime(other, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert not folder.ledger().is_current(folder.made, other)


def test_a_source_may_be_moved_touched_and_given_by_another_path(folder, monkeypatch):
    folder.make()
    moved = folder.source.with_name("moved") / folder.source.name
    moved.parent.mkdir()
    folder.source.rename(moved)
    os.utime(moved, (1, 1))
    assert folder.ledger().is_current(folder.made, moved)
    monkeypatch.chdir(moved.parent)
    assert folder.ledger().is_current(folder.made, Path(moved.name))


def test_earlier_versions_knew_a_source_by_size_and_time(folder):
    folder.made.touch()
    facts = folder.source.stat()
    entry = {"file": "sub/a.jpg", "bytes": facts.st_size, "modified": facts.st_mtime_ns, **OPTIONS}
    folder.ledger_file.write_text(json.dumps(entry) + "\n")
    assert folder.is_current()
    assert not folder.is_current(tile=256)
    os.utime(folder.source, (1, 1))
    assert not folder.is_current()


def test_the_source_counts_as_it_was_when_it_was_read(folder):
    with folder.ledger().recording(folder.made, folder.source) as when_whole:
        folder.source.write_text("another source, while the network runs")
        write_atomically(folder.made, "made", when_whole)
    assert not folder.is_current()


class Killed(BaseException):
    """What ends a run at once."""


def make_until(folder, moment, monkeypatch, **options):
    """Makes the file until just before or just after it takes its place."""
    replace = os.replace

    def replace_and_stop(beside, path):
        if moment == "after":
            replace(beside, path)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace_and_stop)
        with pytest.raises(Killed):
            folder.make("made again", **options)


def test_a_run_killed_before_the_file_is_there(folder, monkeypatch):
    make_until(folder, "before", monkeypatch)
    assert not folder.is_current()
    folder.made.write_text("somebody else's")
    assert not folder.is_current()


def test_a_run_killed_when_the_file_has_just_taken_its_place(folder, monkeypatch):
    make_until(folder, "after", monkeypatch)
    assert folder.made.read_text() == "made again"
    assert folder.is_current()
    assert not folder.is_current(tile=256)


def test_a_run_killed_while_it_makes_a_file_again(folder, monkeypatch):
    folder.make()
    make_until(folder, "before", monkeypatch, tile=256)
    assert folder.is_current()
    make_until(folder, "after", monkeypatch, tile=256)
    assert not folder.is_current()
    assert folder.is_current(tile=256)


def test_notices_that_a_result_is_no_longer_what_was_made(folder):
    folder.make()
    facts = folder.made.stat()
    folder.made.write_text("mode")
    os.utime(folder.made, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert folder.ledger().is_changed(folder.made)
    assert not folder.is_current()
    folder.make()
    assert not folder.ledger().is_changed(folder.made)
    assert folder.is_current()


def test_a_result_may_be_moved_and_touched(folder):
    folder.make()
    os.utime(folder.made, (1, 1))
    folder.path = folder.path.rename(folder.path.with_name("moved"))
    folder.made = folder.path / "sub" / "a.jpg"
    assert not folder.ledger().is_changed(folder.made)
    assert folder.is_current()


def test_earlier_versions_knew_a_result_by_size_and_time(folder):
    folder.make()
    facts = folder.made.stat()
    first, second = map(json.loads, folder.ledger_file.read_text().splitlines())
    first["whole"] = [facts.st_size, facts.st_mtime_ns]
    folder.ledger_file.write_text(json.dumps(first) + "\n" + json.dumps(second) + "\n")
    assert folder.is_current()
    os.utime(folder.made, (1, 1))
    assert folder.ledger().is_changed(folder.made)


def test_a_line_that_is_not_whole_takes_no_other_with_it(folder):
    folder.make()
    whole = folder.ledger_file.read_bytes()
    for cut in (b'{"file": "sub/b.j', whole[: len(whole) // 3], b"\xff\xfe"):
        folder.ledger_file.write_bytes(whole + cut)
        assert folder.is_current()
        folder.make(tile=7)
        assert folder.is_current(tile=7)


def test_lines_that_say_something_else_are_passed_over(folder):
    folder.make()
    with folder.ledger_file.open("a") as file:
        file.writelines(
            json.dumps(line) + "\n" for line in (3, None, [], ["file"], {}, {"file": ["a"]}, "file")
        )
    assert folder.is_current()


def test_comparisons_are_told_from_results(folder):
    ledger = folder.ledger()
    folder.make()
    assert not ledger.is_comparison(folder.made)
    with ledger.recording(folder.made, folder.source, comparison=True) as when_whole:
        write_atomically(folder.made, "a picture", when_whole)
    assert ledger.is_comparison(folder.made)
    assert ledger.is_current(folder.made, folder.source, comparison=True)
    assert not ledger.is_current(folder.made, folder.source)
    assert folder.ledger(tile=1).is_comparison(folder.made)
    assert not folder.ledger(tile=1).is_current(folder.made, folder.source, comparison=True)


def test_a_ledger_that_cannot_be_written_to(folder):
    ledger = folder.ledger()
    folder.ledger_file.mkdir()
    with (
        pytest.raises(InputError, match=r"\.fcn-deblur\.jsonl cannot be written"),
        ledger.recording(folder.made, folder.source) as when_whole,
    ):
        write_atomically(folder.made, "made", when_whole)
    assert not folder.made.exists()


def test_a_ledger_that_cannot_be_read(folder):
    folder.ledger_file.mkdir()
    with pytest.raises(InputError, match=r"\.fcn-deblur\.jsonl cannot be read \(Is a directory\)"):
        folder.ledger()


def test_a_missing_source_is_named(folder):
    folder.source.unlink()
    with (
        pytest.raises(InputError, match=r"a\.jpg cannot be read \(No such file or directory\)"),
        folder.ledger().recording(folder.made, folder.source),
    ):
        pass
