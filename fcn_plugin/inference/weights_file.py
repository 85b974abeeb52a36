"""Weights files: tensors, and beside them what the network is and how it was trained."""

import hashlib
import io
import json
import os
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fcn_plugin.checkpoints import read_checkpoint
from fcn_plugin.errors import InputError
from fcn_plugin.files import write_atomically
from fcn_plugin.models import FCN

from .architecture import build_network, complete_options, infer_options
from .onnx_network import METADATA_KEY, OnnxNetwork
from .training_facts import training_facts


@dataclass(frozen=True)
class Weights:
    """A network and what is known of its weights.

    Attributes:
        network: In float32, in evaluation mode; from an ONNX file one that onnxruntime runs.
        metadata: Plain values: ``network``, `FCN`'s arguments; ``training``, facts of the training, of which
            inference asks for ``crop_size``, (height, width) in pixels; and whatever else the file says.
        sha256: Of the file.
    """

    network: FCN | OnnxNetwork
    metadata: dict[str, Any]
    sha256: str

    @property
    def crop_size(self) -> tuple[int, int] | None:
        """Height and width of the images that the network was trained on, where the file says so."""
        training = self.metadata.get("training")
        size = training.get("crop_size") if isinstance(training, dict) else None
        plausible = (
            isinstance(size, list | tuple)
            and len(size) == 2
            and all(isinstance(side, int) and side > 0 for side in size)
        )
        return tuple(size) if plausible else None


def read_weights(path: str | os.PathLike, config: str | None = None) -> Weights:
    """Reads a weights file (``.pth`` or ``.safetensors``), a plain state dict, a training checkpoint or ONNX.

    Of a checkpoint it takes the averaged weights where there are some: MMEngine's EMA leaves those in
    ``state_dict`` and puts the raw ones aside. Nothing in the file is executed, metadata and config
    included. The network's arguments are inferred from the shapes; the metadata is asked for what those do
    not tell. ``config`` is the text of a checkpoint's config, for one that does not hold it itself.

    Raises `InputError` for a file that is missing, damaged, hostile, or holds no weights of FCN.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such weights file")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    if path.suffix == ".onnx":
        network = OnnxNetwork(path)
        return Weights(network, network.metadata, sha256)
    read = _read_safetensors if path.suffix == ".safetensors" else _read_torch
    tensors, metadata = read(path)
    if config is not None:
        metadata = {**metadata, **training_facts({}, config)}
    try:
        _check_tensors(tensors, path.stat().st_size)
        options = complete_options(infer_options(tensors), metadata.get("network"))
        network = build_network(tensors, options)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return Weights(network, {**metadata, "network": options}, sha256)


def write_weights(
    path: str | os.PathLike, network: FCN, metadata: Mapping[str, Any], dtype: torch.dtype = torch.float32
) -> str:
    """Writes a weights file, safetensors or torch's format as its suffix says; returns its sha256.

    Raises `InputError` for another suffix.
    """
    path = Path(path)
    tensors = {
        name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in network.state_dict().items()
    }
    if path.suffix == ".safetensors":
        from safetensors.torch import save

        content = save(tensors, {METADATA_KEY: json.dumps(metadata)})
    elif path.suffix == ".pth":
        buffer = io.BytesIO()
        torch.save({"state_dict": tensors, "metadata": dict(metadata)}, buffer)
        content = buffer.getvalue()
    else:
        raise InputError(f"{path}: weights files end in .pth or .safetensors")
    write_atomically(path, content)
    return hashlib.sha256(content).hexdigest()


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
