import pytest

from fcn_plugin.engine.runs import Run, execute
from fcn_plugin.errors import InputError


def test_no_run_starts_after_one_that_failed(tmp_path):
    runs = [Run("variant", seed, tmp_path / str(seed)) for seed in range(3)]
    reported = []
    with pytest.raises(InputError, match=r"^0 failed: see .*main\.log, mend the cause"):
        execute(
            runs, lambda run: iter([("main", ["-c", "import sys; sys.exit(1)"])]), [None], reported.append
        )
    assert reported == ["0 starts"]
