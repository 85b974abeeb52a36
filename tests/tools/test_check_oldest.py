import re

from tools.check_oldest import RECORD, lower_bounds, record


def test_the_record_is_of_the_bounds_of_today():
    lines = RECORD.read_text(encoding="utf-8").splitlines()
    assert set(lower_bounds()) <= set(lines), (
        "setup.py's bounds have changed: run tools/check_oldest.py again"
    )
    assert any(re.match(r"# \d+ passed", line) for line in lines)
    assert not any("failed" in line for line in lines)


def test_a_record_names_every_package_once():
    installed = "\n".join(["NumPy==1.23.5", "six==1.17.0"])
    lines = record("3 passed in 1s", "3.10.0 Linux", installed).splitlines()
    assert [line for line in lines if line.lower().startswith("numpy")] == ["numpy==1.23.5"]
    assert lines[-1] == "six==1.17.0"
