import pytest

from fcn_plugin.engine.runs import Run, execute, find_runs, plan_run
from fcn_plugin.errors import InputError


def test_no_run_starts_after_one_that_failed(tmp_path):
    runs = [Run("variant", seed, tmp_path / str(seed)) for seed in range(3)]
    reported = []
    with pytest.raises(InputError, match=r"^0 failed: see .*main\.log, mend the cause"):
        execute(
            runs, lambda run: iter([("main", ["-c", "import sys; sys.exit(1)"])]), [None], reported.append
        )
    assert reported == ["0 starts"]


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
