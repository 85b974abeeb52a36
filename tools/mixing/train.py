#!/usr/bin/env python
"""``tools/train.py``, for configs that use MMagic, MMPreTrain or MMSegmentation."""

import runpy
from pathlib import Path

from compatibility import let_toolboxes_import

if __name__ == "__main__":
    let_toolboxes_import()
    runpy.run_path(str(Path(__file__).parents[1] / "train.py"), run_name="__main__")
