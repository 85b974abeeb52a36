"""Reading checkpoint files that may be missing, damaged or hostile."""

import os
import pickle
from pathlib import Path
from typing import Any

import torch

from fcn_plugin.errors import InputError


def read_checkpoint(path: str | os.PathLike) -> dict[str, Any]:
    """Reads a checkpoint as data: nothing in the file is executed, whatever the environment says.

    Tensors stay on disk until they are used.

    Raises `InputError` for a file that is missing, truncated, no checkpoint, or that asks for code to run.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such checkpoint file")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path}: refused, because loading it would run code that the file brings along; "
            "a checkpoint of this toolkit holds tensors and plain values only, so get the file from "
            "someone you trust"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise InputError(
            f"{path}: truncated, damaged or no checkpoint at all; use an earlier checkpoint or copy the "
            "file again"
        ) from error
    if not isinstance(checkpoint, dict):
        raise InputError(f"{path}: holds a {type(checkpoint).__name__}, not a checkpoint")
    return checkpoint


def check_resumable(path: str | os.PathLike) -> None:
    """Raises `InputError` unless training can go on from the checkpoint at ``path``."""
    if "optimizer" not in read_checkpoint(path):
        raise InputError(
            f"{path}: has no optimizer state (best checkpoints are saved without), so training cannot "
            "resume from it; resume from an epoch_N.pth, or start from these weights with "
            f"--cfg-options load_from={path}"
        )
