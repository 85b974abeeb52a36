import os
import signal

import pytest

from fcn_plugin.command_line import end_in_a_sentence
from fcn_plugin.engine.runs import Run, execute, find_runs, metrics_of, plan_run
from fcn_plugin.errors import InputError


def test_no_run_starts_after_one_that_failed(tmp_path):
    runs = [Run("variant", seed, tmp_path / str(seed)) for seed in range(3)]
    reported = []
    with pytest.raises(InputError, match=r"^variant, seed 0 failed: see .*main\.log, mend the cause"):
        execute(
            runs, lambda run: iter([("main", ["-c", "import sys; sys.exit(1)"])]), [None], reported.append
        )
    assert reported == ["variant, seed 0 starts"]


@pytest.fixture
def signals():
    endings = signal.SIGINT, signal.SIGTERM
    before = [signal.getsignal(ending) for ending in endings]
    yield
    for ending, handler in zip(endings, before, strict=True):
        signal.signal(ending, handler)


@pytest.mark.usefixtures("signals")
@pytest.mark.skipif(os.name != "posix", reason="Windows ends a process without asking it")
def test_what_ends_the_command_ends_its_runs(tmp_path):
    end_in_a_sentence()
    number = tmp_path / "number"
    program = (
        "import os, pathlib, signal, time; "
        f"pathlib.Path({str(number)!r}).write_text(str(os.getpid())); "
        "os.kill(os.getppid(), signal.SIGTERM); time.sleep(600)"
    )
    runs = [Run("variant", seed, tmp_path / str(seed)) for seed in range(2)]
    reported = []
    with pytest.raises(SystemExit, match="Ended before it was done; the same command goes on"):
        execute(runs, lambda run: iter([("main", ["-c", program])]), [None], reported.append)
    assert reported == ["variant, seed 0 starts"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)


def test_a_work_folder_may_be_moved_and_another_run_keeps_its_place(tmp_path):
    run = plan_run("configs/fcn_demo.py", "variant", 0, tmp_path / "before")
    run.folder.mkdir()
    (tmp_path / "before").rename(tmp_path / "after")
    moved = plan_run("configs/fcn_demo.py", "variant", 0, tmp_path / "after")
    with pytest.raises(InputError, match=r"variant_seed_0\.json is of another run: give the --cfg-options"):
        plan_run("configs/fcn_demo.py", "variant", 0, tmp_path / "after", {"model.network.width": 8})
    moved.config.write_text("{")
    with pytest.raises(InputError, match=r"variant_seed_0\.json: not JSON; remove it"):
        plan_run("configs/fcn_demo.py", "variant", 0, tmp_path / "after")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"metrics": 1}'])
def test_damaged_results_are_named(content, tmp_path):
    run = Run("variant", 0, tmp_path)
    run.results.write_text(content)
    with pytest.raises(InputError, match=r"results\.json: .*; remove it and run the same command again"):
        metrics_of(run)


@pytest.mark.parametrize(
    ("variant", "folder"),
    [
        ("4 stages - MSAM", "4_stages_-_MSAM_seed_0"),
        ("barrier, charbonnier+edge", "barrier_charbonnier+edge_seed_0"),
        ("a/b (c)", "a_b_c_seed_0"),
    ],
)
def test_a_runs_folder_needs_no_quotes(variant, folder, tmp_path):
    run = plan_run("configs/fcn_demo.py", variant, 0, tmp_path)
    assert run.folder == tmp_path / folder
    assert find_runs([variant], tmp_path) == [run]


def test_all_planned_runs_of_variants_are_found_by_variant_and_seed(tmp_path):
    for name in ("b_seed_10", "b_seed_2", "a_seed_0", "a_-_c_seed_0", "a_seed_0_copy"):
        (tmp_path / f"{name}.json").touch()
    assert [run[:2] for run in find_runs(["b", "a", "none"], tmp_path)] == [("b", 2), ("b", 10), ("a", 0)]
