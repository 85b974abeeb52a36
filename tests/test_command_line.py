import argparse
import subprocess
import sys

import pytest

from fcn_plugin.command_line import at_least, config_parser, positive

from .conftest import PROJECT


def test_options_are_what_mmengine_makes_of_them():
    arguments = config_parser("", "").parse_args(
        ["c.py", "--cfg-options", "a.b=1", "c=[1,2]", "d=x,y", "--work-dir", "w"]
    )
    assert arguments.cfg_options == {"a.b": 1, "c": [1, 2], "d": ["x", "y"]}
    assert (arguments.config, arguments.work_dir) == ("c.py", "w")
    assert config_parser("", "").parse_args(["c.py"]).cfg_options is None


@pytest.mark.parametrize(
    ("kind", "word", "sentence"),
    [
        (at_least(1), "0", "must be 1 or more, not 0"),
        (at_least(1, at_most=65535), "70000", "must be 1 to 65535, not 70000"),
        (at_least(1, at_most=65535), "-1", "must be 1 to 65535, not -1"),
        (positive, "0", "must be more than 0 and finite, not 0"),
        (positive, "nan", "must be more than 0 and finite, not nan"),
        (positive, "inf", "must be more than 0 and finite, not inf"),
    ],
)
def test_numbers_out_of_range_are_refused(kind, word, sentence):
    with pytest.raises(argparse.ArgumentTypeError, match=sentence):
        kind(word)


@pytest.mark.parametrize("tool", ["train", "test", "benchmark_data", "ablate", "compare"])
def test_help_imports_nothing_heavy(tool):
    program = (
        "import runpy, sys\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code\n"
        "assert not {'torch', 'mmengine', 'cv2'} & set(sys.modules), 'heavy'\n"
    )
    command = [
        sys.executable,
        "-c",
        f"import sys; sys.argv = [{str(PROJECT / 'tools' / tool)!r} + '.py', '--help']\n{program}",
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "usage" in result.stdout
