"""Where the project lies, and paths as they are written down."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
"""The checkout: relative config paths are looked up here when the working directory has no such file."""


def short_path(path: str | os.PathLike) -> str:
    """A path as it is written down: from the checkout or the working folder on, where it lies in one of them.

    So what is written down means the same on another machine.
    """
    absolute = Path(os.path.abspath(path))
    for folder in (PROJECT, Path.cwd()):
        if absolute.is_relative_to(folder):
            return absolute.relative_to(folder).as_posix()
    return str(path)
