"""Tensors, and what is told of them, out of weights files that may be damaged or hostile."""

import json
import os
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fcn_plugin.checkpoints import read_checkpoint
from fcn_plugin.errors import InputError
from fcn_plugin.training_facts import training_facts

METADATA_KEY = "fcn_plugin"
"""The name under which safetensors and ONNX files keep the metadata, as JSON."""


def read_tensors(path: str | os.PathLike) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """A network's tensors by their names, and plain values that the file tells beside.

    ``path`` is a weights file (``.pth`` or ``.safetensors``), a plain state dict or a training checkpoint. Of
    a `DeblurringModel` they are those of its network. Nothing in the file is executed.

    Raises `InputError` for a file that is missing, damaged, hostile, or holds anything but finite
    floating-point numbers.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such weights file")
    tensors, metadata = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    try:
        _check_tensors(tensors, path.stat().st_size)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return tensors, metadata


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
            text = (file.metadata() or {}).get(METADATA_KEY, "{}")
        metadata = json.loads(text)
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: damaged, or no safetensors file ({error}); copy it again") from error
    return tensors, metadata if isinstance(metadata, dict) else {}


def _read_torch(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    _check_archive(path)
    content = read_checkpoint(path)
    metadata = content.get("metadata")
    if not isinstance(metadata, dict):
        metadata = training_facts(content)
    tensors = content.get("state_dict", content)
    if not isinstance(tensors, dict):
        raise InputError(f"{path}: its state_dict is a {type(tensors).__name__}; it holds no weights")
    tensors = {str(name).removeprefix("module."): tensor for name, tensor in tensors.items()}
    if any(name.startswith("network.") for name in tensors):  # of a `DeblurringModel`, beside its loss's
        tensors = {
            name.removeprefix("network."): tensor
            for name, tensor in tensors.items()
            if name.startswith("network.")
        }
    return tensors, metadata


def _check_archive(path: Path) -> None:
    """Refuses archives that would take more memory than they take on disk; torch writes none."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise InputError(f"{path}: damaged ({error}); copy it again") from error
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise InputError(f"{path}: refused, because it is compressed, which torch's own files never are")


def _check_tensors(tensors: Mapping[str, Any], file_size: int) -> None:
    """Refuses what is not a plain, finite tensor, and tensors that claim more than the file holds."""
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            raise InputError(f"holds no weights: {name} is no tensor of floating-point numbers")
    if sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()) > file_size:
        raise InputError("refused, because its tensors claim to be larger than the file")
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise InputError(f"{name} has values that are NaN or infinite; use an earlier checkpoint")
