"""Reading checkpoint files that may be missing, damaged or hostile."""

import io
import os
import pickle
import struct
import warnings
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import is_zipfile

import torch

from fcn_plugin.errors import InputError
from fcn_plugin.files import cannot_be_read

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


# A zip archive, torch's format since 1.6, or a pickle, as it was before.
_TORCH = (b"PK\x03\x04", b"\x80")


def read_file(path: str | os.PathLike, count: int = -1) -> bytes:
    """The first ``count`` bytes of a file, or all.

    Raises `InputError` for what is missing, no file, or cannot be read.
    """
    if not os.path.isfile(path):
        is_other = os.path.exists(path)
        problem = "is a folder, pipe or device; name a file" if is_other else "there is no such file"
        raise InputError(f"{path}: {problem}")
    try:
        with open(path, "rb") as file:
            return file.read(count)
    except OSError as error:
        raise cannot_be_read(path, error) from error


def weights_format(path: str | os.PathLike) -> str | None:
    """How the file at ``path`` keeps weights, which its first bytes tell, whatever its name is.

    Returns ``"torch"``, ``"safetensors"`` or ``"onnx"``, and ``None`` for other files.

    Raises `InputError` for what is missing, no file, or cannot be read.
    """
    start = read_file(path, 9)
    if start[8:] == b"{":  # JSON, after eight bytes that say how long it is
        return "safetensors"
    if start.startswith(_TORCH):
        return "torch"
    return "onnx" if start.startswith(b"\x08") else None  # the first field of a protobuf, a number


def read_checkpoint(path: str | os.PathLike) -> dict[str, Any]:
    """Reads a checkpoint as data: nothing in the file is executed, whatever the environment says.

    Tensors stay on disk until they are used.

    Raises `InputError` for a file that is missing, truncated, no checkpoint, or that asks for code to run.
    """
    path = Path(path)
    if weights_format(path) != "torch":
        raise InputError(
            f"{path}: damaged, or no checkpoint, for it begins as no file of PyTorch's does; copy it again "
            "or name another"
        )
    try:
        return _load(path, is_zipfile(path))  # torch's older format cannot be mapped
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def parse_checkpoint(content: bytes) -> dict[str, Any]:
    """`read_checkpoint` of a file of torch's that has been read already; errors do not name it."""
    return _load(io.BytesIO(content), False)


def _load(source: Path | BinaryIO, mapped: bool) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            # Torch warns of pickle protocols that it then refuses.
            warnings.simplefilter("ignore")
            checkpoint = torch.load(source, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise InputError(
            "refused, because it is no checkpoint or loading it would run code that it brings along (nothing "
            "in it was run); checkpoints of this toolkit hold tensors and plain values only, so get the file "
            "from someone you trust"
        ) from error
    except _DAMAGE as error:
        raise InputError("truncated or damaged; use an earlier checkpoint or copy the file again") from error
    if not isinstance(checkpoint, dict):
        raise InputError(f"holds a {type(checkpoint).__name__}, not a checkpoint")
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
