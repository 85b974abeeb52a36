"""What MMagic and its siblings, last released in 2023, need before they import today.

Only the examples in ``configs/mixing`` and their tests use this module; the plugin needs none of it.
"""

import sys
import types
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any, NoReturn

import numpy as np

EXTENSION = "mmcv._ext"


def let_toolboxes_import() -> None:
    """Gives back what the toolboxes ask for at import; to be called before the first of them is imported.

    - ``numpy.bool8``, which NumPy 2 dropped and ``mmagic.utils`` names.
    - ``mmcv._ext``, MMCV's compiled operators: importing any of MMagic's or MMSegmentation's models imports
      all of them, those with such operators too. mmcv-lite brings none, so an empty extension stands in.
      Networks without compiled operators work; the others say what is missing when they run.

    Does nothing where NumPy has the name and MMCV its operators.
    """
    if not hasattr(np, "bool8"):
        np.bool8 = np.bool_
    try:
        import mmcv._ext  # noqa: F401
    except ImportError:
        sys.modules[EXTENSION] = _extension_without_operators()


def _extension_without_operators() -> types.ModuleType:
    extension = types.ModuleType(EXTENSION)
    # Without a loader MMEngine keeps seeing mmcv-lite, and calls no compiled operator of its own accord.
    extension.__spec__ = ModuleSpec(EXTENSION, loader=None)
    extension.__getattr__ = _missing_operator
    return extension


def _missing_operator(name: str) -> Callable[..., NoReturn]:
    if name.startswith("__"):
        raise AttributeError(name)

    def raise_(*_: Any, **__: Any) -> NoReturn:
        raise RuntimeError(f"{name} is one of MMCV's compiled operators, which mmcv-lite does not have")

    return raise_
