"""Weights files: tensors, and beside them what the network is and how it was trained."""

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from fcn_plugin.errors import InputError
from fcn_plugin.files import write_atomically
from fcn_plugin.models import FCN
from fcn_plugin.tensor_file import METADATA_KEY, parse_tensors, read_content
from fcn_plugin.training_facts import training_facts

from .architecture import build_network, complete_options, infer_options
from .onnx_network import OnnxNetwork
from .restoring_network import RestoringNetwork
from .torch_network import TorchNetwork


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

    def runnable(self, usual_crop_size: tuple[int, int]) -> RestoringNetwork:
        """The network, for inference; trained on ``usual_crop_size`` where the file does not say."""
        if isinstance(self.network, OnnxNetwork):
            return self.network
        return TorchNetwork(self.network, self.crop_size or usual_crop_size)


def read_weights(path: str | os.PathLike, config: str | None = None) -> Weights:
    """Reads a weights file (torch's or safetensors), a plain state dict, a training checkpoint or ONNX.

    Which of these it is, its content tells, not its name. Of a checkpoint it takes the averaged weights where
    there are some: MMEngine's EMA leaves those in ``state_dict`` and puts the raw ones aside. Nothing in the
    file is executed, metadata and config included. The network's arguments are inferred from the shapes; the
    metadata is asked for what those do not tell. ``config`` is the text of a checkpoint's config, for one
    that does not hold it itself.

    Raises `InputError` for a file that is missing, damaged, hostile, or holds no weights of FCN.
    """
    path = Path(path)
    file_format, content = read_content(path)
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        if file_format == "onnx":
            network = OnnxNetwork(content)
            return Weights(network, network.metadata, sha256)
        tensors, metadata = parse_tensors(file_format, content)
        if config is not None:
            metadata = {**metadata, **training_facts({}, config)}
        options = complete_options(infer_options(tensors), metadata.get("network"))
        network = build_network(tensors, options)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return Weights(network, {**metadata, "network": options}, sha256)


def write_weights(
    path: str | os.PathLike, network: FCN, metadata: Mapping[str, Any], dtype: torch.dtype = torch.float32
) -> str:
    """Writes a weights file, safetensors or torch's format as its suffix says; returns its sha256.

    Raises `InputError` for another suffix, for weights that ``dtype`` cannot hold, and where the disk does
    not take the file.
    """
    path = Path(path)
    tensors = {
        name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in network.state_dict().items()
    }
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise InputError(
                f"{path}: not written, because {name} has values too large for {dtype}; use float32"
            )
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
