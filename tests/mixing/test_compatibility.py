"""``tools/mixing/compatibility.py``; needs no toolbox, only mmcv-lite."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from ..conftest import PROJECT

PROGRAM = """
import numpy
from compatibility import let_toolboxes_import
let_toolboxes_import()
assert numpy.bool8 is numpy.bool_
from mmcv.utils.ext_loader import load_ext
operators = load_ext("_ext", ["nms"])
from mmengine.utils.dl_utils import mmcv_full_available
assert not mmcv_full_available()
try:
    operators.nms(None, iou_threshold=0.5)
except RuntimeError as error:
    print(error)
"""


@pytest.mark.skipif(find_spec("mmcv._ext") is not None, reason="MMCV is here with its compiled operators")
def test_what_the_toolboxes_import_is_there_and_mmcv_is_still_lite():
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    result = subprocess.run(command, cwd=PROJECT / "tools" / "mixing", capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "nms is one of MMCV's compiled operators, which mmcv-lite does not have"
