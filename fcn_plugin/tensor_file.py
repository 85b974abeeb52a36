"""Tensors, and what is told of them, out of weights files that may be damaged or hostile."""

import io
import json
import os
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from fcn_plugin.checkpoints import parse_checkpoint, read_file, weights_format
from fcn_plugin.errors import InputError
from fcn_plugin.training_facts import training_facts

METADATA_KEY = "fcn_plugin"
"""The name under which safetensors and ONNX files keep the metadata, as JSON."""

LONGEST_METADATA = 1_000_000
"""In characters of JSON."""

DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
"""What weights may be kept as."""


def read_tensors(path: str | os.PathLike) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """A network's tensors by their names, and plain values that the file tells beside.

    ``path`` is a weights file (torch's or safetensors), a plain state dict or a training checkpoint. Of a
    `DeblurringModel` they are those of its network. Nothing in the file is executed.

    Raises `InputError` for a file that is missing, damaged, hostile, or holds anything but finite
    floating-point numbers.
    """
    file_format, content = read_content(path)
    try:
        return parse_tensors(file_format, content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def read_content(path: str | os.PathLike) -> tuple[str, bytes]:
    """A weights file's format, as `weights_format` calls it, and its content.

    Raises `InputError` for what is missing, no file, or no weights file by its first bytes.
    """
    file_format = weights_format(path)
    if file_format is None:
        raise InputError(
            f"{path}: damaged, or no weights file: it begins as no file of PyTorch's, safetensors' or ONNX's "
            "does; copy it again or name another"
        )
    return file_format, read_file(path)


def parse_tensors(file_format: str, content: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """`read_tensors` of a file that has been read already; errors do not name it."""
    if file_format == "onnx":
        raise InputError("is ONNX, for onnxruntime; give the weights it was made of")
    tensors, metadata = (_parse_torch if file_format == "torch" else _parse_safetensors)(content)
    _check_tensors(tensors, len(content))
    return tensors, metadata


def _parse_safetensors(content: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        metadata = json.loads(header.get("__metadata__", {}).get(METADATA_KEY, "{}"))
    # The others come of types that torch does not have, and of empty tensors that are too large to be any.
    except (SafetensorError, ValueError, LookupError, RuntimeError, TypeError, AssertionError) as error:
        raise InputError("damaged, or no safetensors file; copy it again") from error
    return tensors, metadata if isinstance(metadata, dict) else {}


def _parse_torch(content: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    _check_archive(content)
    checkpoint = parse_checkpoint(content)
    metadata = checkpoint.get("metadata")
    if not isinstance(metadata, dict):
        metadata = training_facts(checkpoint)
    tensors = checkpoint.get("state_dict", checkpoint)
    if not isinstance(tensors, dict):
        raise InputError(f"its state_dict is a {type(tensors).__name__}; it holds no weights")
    tensors = {str(name).removeprefix("module."): tensor for name, tensor in tensors.items()}
    if any(name.startswith("network.") for name in tensors):  # of a `DeblurringModel`, beside its loss's
        tensors = {
            name.removeprefix("network."): tensor
            for name, tensor in tensors.items()
            if name.startswith("network.")
        }
    # Without the attributes that a file may give a tensor, be it in place of its methods.
    tensors = {
        name: Tensor.detach(tensor) if isinstance(tensor, Tensor) else tensor
        for name, tensor in tensors.items()
    }
    return tensors, _plain(metadata)


def _plain(metadata: dict[str, Any]) -> dict[str, Any]:
    """Metadata as JSON can hold it: other values become text."""
    # Bit by bit: of a list that holds one list ten times, and so on, a few bytes make JSON without end.
    parts = json.JSONEncoder(default=str, skipkeys=True).iterencode(metadata)
    try:
        return json.loads("".join(_up_to(LONGEST_METADATA, parts)))
    except (ValueError, RecursionError) as error:
        raise InputError(f"its metadata are no plain values ({error}); export it again") from error


def _up_to(length: int, parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        length -= len(part)
        if length < 0:
            raise ValueError("more of them than any training has")
        yield part


def _check_archive(content: bytes) -> None:
    """Refuses archives that would take more memory than they take on disk; torch writes none."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise InputError(f"damaged ({error}); copy it again") from error
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or sum(entry.file_size for entry in entries) > len(content):
        raise InputError("refused, because it is compressed, which torch's own files never are")


def _check_tensors(tensors: Mapping[str, Any], file_size: int) -> None:
    """Refuses what is not a plain, finite tensor, and tensors that claim more than the file holds."""
    for name, tensor in tensors.items():
        if not _is_plain(tensor):
            raise InputError(f"holds no weights: {name!r:.99} is no plain tensor of floating-point numbers")
    if sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()) > file_size:
        raise InputError("refused, because its tensors claim to be larger than the file")
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise InputError(f"{name!r:.99} has values that are NaN or infinite; use an earlier checkpoint")


def _is_plain(tensor: Any) -> bool:
    """Whether it is a tensor of floating-point numbers, and neither sparse, nested nor without values."""
    return (
        isinstance(tensor, Tensor)
        and tensor.dtype in DTYPES
        and tensor.layout == torch.strided
        and not tensor.is_nested
        and tensor.device.type == "cpu"
    )
