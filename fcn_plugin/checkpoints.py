"""Reading checkpoint files that may be missing, damaged or hostile."""

import os
import pickle
import struct
import warnings
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import torch

from fcn_plugin.errors import InputError

# Torch's reader of pickles follows what they say, and fails where that leads it.
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


def read_checkpoint(path: str | os.PathLike) -> dict[str, Any]:
    """Reads a checkpoint as data: nothing in the file is executed, whatever the environment says.

    Tensors stay on disk until they are used.

    Raises `InputError` for a file that is missing, truncated, no checkpoint, or that asks for code to run.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such checkpoint file")
    damaged = InputError(f"{path}: truncated or damaged; use an earlier checkpoint or copy the file again")
    with path.open("rb") as file:
        start = file.read(4)
    mappable = is_zipfile(path)  # torch's format since 1.6; older ones can be read, but not mapped
    if not start or (start == b"PK\x03\x04" and not mappable):
        raise damaged
    try:
        with warnings.catch_warnings():
            # Torch warns of pickle protocols that it then refuses.
            warnings.simplefilter("ignore")
            checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=mappable)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path}: refused, because it is no checkpoint or loading it would run code that it brings "
            "along (nothing in it was run); checkpoints of this toolkit hold tensors and plain values "
            "only, so get the file from someone you trust"
        ) from error
    except _DAMAGE as error:
        raise damaged from error
    if not isinstance(checkpoint, dict):
        raise InputError(f"{path}: holds a {type(checkpoint).__name__}, not a checkpoint")
    return checkpoint


def check_resumable(path: str | os.PathLike) -> None:
    """Raises `InputError` unless training can go on from the checkpoint at ``path``, safely."""
    checkpoint = read_checkpoint(path)
    meta = checkpoint.get("meta", {})
    if not isinstance(meta, dict) or "config" in meta:
        raise InputError(
            f"{path}: refused, because MMEngine would run the text that it holds as `config` (nothing of it "
            "was run); checkpoints of this toolkit keep their config as `cfg`, so start from its weights "
            f"with --cfg-options load_from={path}"
        )
    if "optimizer" not in checkpoint:
        raise InputError(
            f"{path}: has no optimizer state (best checkpoints are saved without), so training cannot "
            "resume from it; resume from an epoch_N.pth, or start from these weights with "
            f"--cfg-options load_from={path}"
        )
