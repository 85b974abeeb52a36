"""Export to ONNX, checked against torch before the file is there."""

import contextlib
import copy
import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from fcn_plugin.errors import InputError
from fcn_plugin.files import write_atomically
from fcn_plugin.models import FCN
from fcn_plugin.models.blocks.patch_grid import pad
from fcn_plugin.tensor_file import METADATA_KEY

from .memory import bytes_per_pixel
from .onnx_network import INPUT, RESTORED, STAGE, OnnxNetwork

AXES = {0: "batch", 2: "height", 3: "width"}
"""What may have any length, and its name in the file."""

OLDEST_TORCH = (2, 9)
"""Before, it could not export sizes that are computed, such as that of the padded image."""

CHECKED_SHAPES = ((1, 1, 1), (2, 5, 18), (1, 64, 64), (3, 33, 20), (1, 101, 150))
"""(batch, height, width) of the images that the exported file is checked with."""

TOLERANCE = 1e-3
"""How far the file's answer may be from torch's, in images from 0 to 1: a quarter of an 8-bit step."""


def export_onnx(network: FCN, path: str | os.PathLike, metadata: Mapping[str, Any] | None = None) -> float:
    """Writes ``network`` as an ONNX file that restores images of any size, any number at a time.

    The file's input is ``blurry``, float32 (batch, 3, height, width), RGB in [0, 1]. Its outputs, shaped
    alike, are ``restored`` and the predictions of the stages before, ``stage_0``, ``stage_1``, …. Padding and
    cropping are part of it, and so are local statistics (`FCN.pool_locally`) where they are on. ``metadata``,
    plain values, lies in it as JSON.

    Before it is put in place onnxruntime runs it beside torch on images of `CHECKED_SHAPES`; returns the
    greatest difference of any value.

    Raises `InputError` for a network of other images than RGB, when a package is missing or PyTorch is older
    than `OLDEST_TORCH`, and when the difference is more than `TOLERANCE`.
    """
    path = Path(path)
    if network.image_channels != 3:
        raise InputError(
            f"{path}: not written, because the network restores images of {network.image_channels} channels, "
            "and photographs have three"
        )
    network = _AnySize(copy.deepcopy(network).float().cpu()).requires_grad_(False).eval()
    content = _onnx_file(network, {**(metadata or {}), **_mode(network.network)})
    difference = _greatest_difference(network, OnnxNetwork(content))
    if not difference <= TOLERANCE:  # nor NaN
        raise InputError(
            f"{path}: not written, because onnxruntime's result is {difference:.1e} away from torch's; "
            "these weights are for torch only"
        )
    write_atomically(path, content)
    return difference


def _mode(network: FCN) -> dict[str, Any]:
    """What inference asks a network for beside its results."""
    return {
        "mode": "local" if network.crop_size else "global",
        "tile_step": network.tile_step,
        "bytes_per_pixel": bytes_per_pixel(network, torch.float32),
    }


class _AnySize(nn.Module):
    """FCN with its padding done by arithmetic on the size; a decision would be exported as it once fell.

    Shapes: (B, 3, H, W) to the answer and the predictions of the stages before, each shaped so.
    """

    def __init__(self, network: FCN):
        super().__init__()
        self.network = network

    def forward(self, blurry: Tensor) -> tuple[Tensor, ...]:
        height, width = blurry.shape[-2:]
        # Rounded up in the form that torch recognises as a multiple.
        down, right = (
            (size + multiple - 1) // multiple * multiple - size
            for size, multiple in zip((height, width), self.network.multiple_of, strict=True)
        )
        *stages, restored = self.network.predict_stages(pad(blurry, down, right))
        return tuple(prediction[..., :height, :width] for prediction in (restored, *stages))


def _onnx_file(network: _AnySize, metadata: Mapping[str, Any]) -> bytes:
    names = [RESTORED, *(f"{STAGE}{index}" for index in range(len(network.network.grids) - 1))]
    try:
        import onnxscript  # noqa: F401 - torch asks for it deep inside, and once only

        if torch.__version__ < OLDEST_TORCH:
            oldest = ".".join(map(str, OLDEST_TORCH))
            raise InputError(
                f"exporting to ONNX needs PyTorch {oldest}, and this is {torch.__version__}; update it"
            )
        with _quiet():
            program = torch.onnx.export(
                network,
                (torch.rand(2, 3, 37, 51),),
                dynamo=True,
                dynamic_shapes=[dict.fromkeys(AXES, Dim.DYNAMIC)],
                input_names=[INPUT],
                output_names=names,
                verbose=False,
            )
    except ModuleNotFoundError as error:
        raise InputError(
            f"exporting to ONNX needs the package {error.name}, which is not installed: run "
            "`pip install onnx onnxruntime onnxscript`"
        ) from error
    model = program.model_proto
    # Each node says where in the source it is from, in several times the space that a small network takes.
    for node in model.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    model.graph.ClearField("value_info")
    for value in (*model.graph.input, *model.graph.output):
        for axis, name in AXES.items():
            value.type.tensor_type.shape.dim[axis].dim_param = name
    model.metadata_props.add(key=METADATA_KEY, value=json.dumps(metadata))
    return model.SerializeToString()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch says of packages that it could use, and of itself."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


@torch.inference_mode()
def _greatest_difference(network: nn.Module, exported: OnnxNetwork) -> float:
    generator = torch.Generator().manual_seed(0)
    differences = []
    for batch, height, width in CHECKED_SHAPES:
        images = torch.rand(batch, 3, height, width, generator=generator)
        predictions = exported.predict_stages(images)
        differences += [
            (got - wanted).abs().max()
            for got, wanted in zip(predictions, network.network.predict_stages(images), strict=True)
        ]
    return torch.stack(differences).max().item()
