"""``tools/mixing/install.sh``, up to where it would start to install."""

import subprocess

import pytest

from ..conftest import PROJECT


@pytest.mark.parametrize(
    ("toolboxes", "message"),
    [
        ([], "usage: tools/mixing/install.sh VENV TOOLBOX"),
        (["mmagic", "mmtypo"], "no toolbox 'mmtypo' is known here"),
    ],
)
def test_nothing_is_made_for_a_wrong_command(toolboxes, message, tmp_path):
    command = [PROJECT / "tools" / "mixing" / "install.sh", tmp_path / "environment", *toolboxes]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: {message}")
    assert not (tmp_path / "environment").exists()
