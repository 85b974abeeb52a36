import os
from pathlib import Path

import pytest

from fcn_plugin.errors import InputError
from fcn_plugin.inference.ledger import LEDGER, Ledger
from fcn_plugin.inference.tasks import Task

OPTIONS = {"weights": "abc", "tile": None}


@pytest.fixture
def task(tmp_path):
    task = Task(tmp_path / "a.jpg", tmp_path / "out" / "sub" / "a.jpg")
    task.source.write_text("source")
    task.target.parent.mkdir(parents=True)
    return task


def ledger(task: Task, **options) -> Ledger:
    return Ledger(task.target.parents[1], {**OPTIONS, **options})


def test_remembers_what_made_a_file(task):
    first = ledger(task)
    assert not first.is_current(task)
    first.add(task)
    assert first.is_current(task)
    assert ledger(task).is_current(task)
    assert not ledger(task, tile=256).is_current(task)
    ledger(task, tile=256).add(task)
    assert ledger(task, tile=256).is_current(task)
    assert not ledger(task).is_current(task)


def test_notices_that_the_source_has_changed(task):
    ledger(task).add(task)
    task.source.write_text("sourcf")
    os.utime(task.source, (1, 1))
    assert not ledger(task).is_current(task)


def test_a_line_that_is_not_whole_is_left_out(task):
    ledger(task).add(task)
    path = Path(task.target.parents[1], LEDGER)
    path.write_text(path.read_text() + '{"file": "sub/b.j')
    again = ledger(task)
    assert again.is_current(task)
    again.add(task)
    assert ledger(task).is_current(task)


def test_a_place_that_cannot_be_written_to(task):
    Path(task.target.parents[1], LEDGER).mkdir()
    task.target.parents[1].joinpath(LEDGER).rmdir()
    writer = ledger(task)
    Path(task.target.parents[1], LEDGER).mkdir()
    with pytest.raises(InputError, match=r"\.fcn-deblur\.jsonl cannot be written"):
        writer.add(task)
