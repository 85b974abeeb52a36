"""A network in an ONNX file, run by onnxruntime."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fcn_plugin.errors import InputError
from fcn_plugin.tensor_file import METADATA_KEY

from .memory import has_run_out

INPUT, RESTORED, STAGE = "blurry", "restored", "stage_"
"""Names in the file: of the images, of the answer, and, before a number, of an earlier stage's prediction."""


class OnnxNetwork(nn.Module):
    """A network that `export_onnx` wrote; called as `FCN` is in evaluation mode.

    It runs on a GPU where the installed onnxruntime can use one, and on the CPU otherwise. Images may be on
    any device; the result comes back there.

    Args:
        file: the ONNX file, or its content.

    Shapes: (B, 3, H, W), RGB in [0, 1], any B, H and W, to the restored images in float32.

    Attributes:
        metadata: What `export_onnx` was given.
        mode: ``"local"`` or ``"global"``, how queries are pooled (`FCN.pool_locally`).
        multiple_of: Height and width that the network itself pads images to multiples of.
        bytes_per_pixel: Of memory that it takes.
        provider: What runs the network, by onnxruntime's name for it.

    Raises `InputError` when onnxruntime is missing, and for a file that is missing, damaged or another's.
    """

    def __init__(self, file: str | os.PathLike | bytes):
        super().__init__()
        content, name = (file, "the network") if isinstance(file, bytes) else (_read(Path(file)), str(file))
        self.session = _open_session(content, name)
        self.provider: str = self.session.get_providers()[0]
        outputs = [output.name for output in self.session.get_outputs()]
        metadata = self.session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        if metadata is None or RESTORED not in outputs:
            raise InputError(f"{name}: holds a network of other origin; make one with tools/export_onnx.py")
        self.metadata: dict[str, Any] = json.loads(metadata)
        self.mode: str = self.metadata["mode"]
        self.multiple_of: tuple[int, int] = tuple(self.metadata["multiple_of"])
        self.bytes_per_pixel: float = self.metadata["bytes_per_pixel"]
        stages = [output for output in outputs if output.startswith(STAGE)]
        self.stages = [*sorted(stages, key=lambda name: (len(name), name)), RESTORED]  # 10 comes after 9

    @property
    def is_on_gpu(self) -> bool:
        return self.provider != "CPUExecutionProvider"

    def forward(self, blurry: Tensor) -> Tensor:
        return self._run(blurry, [RESTORED])[0]

    def predict_stages(self, blurry: Tensor) -> list[Tensor]:
        """Every stage's prediction; the last is the answer."""
        return self._run(blurry, self.stages)

    def _run(self, blurry: Tensor, outputs: list[str]) -> list[Tensor]:
        images = np.ascontiguousarray(blurry.detach().to("cpu", torch.float32).numpy())
        try:
            results = self.session.run(outputs, {INPUT: images})
        except _errors() as error:
            if has_run_out(error):
                raise MemoryError(str(error)) from error
            raise InputError(
                f"onnxruntime could not run the network on an image of {images.shape[3]}×{images.shape[2]} "
                f"({error}); use the weights that it was exported from"
            ) from error
        return [torch.from_numpy(result).to(blurry.device) for result in results]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give an ONNX file") from error


def _open_session(content: bytes, name: str) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise InputError(
            f"{name}: is run by onnxruntime, which is not installed; run `pip install onnxruntime`"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3  # of its optimiser's warnings nobody here can make use
    available = onnxruntime.get_available_providers()
    providers = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in available]
    try:
        return onnxruntime.InferenceSession(content, options, providers=providers)
    except _errors() as error:
        raise InputError(f"{name}: damaged, or no ONNX file; export or copy it again") from error


def _errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises; it has no class for all of them."""
    from onnxruntime.capi import onnxruntime_pybind11_state as errors

    return (
        errors.EPFail,
        errors.Fail,
        errors.InvalidArgument,
        errors.InvalidGraph,
        errors.InvalidProtobuf,
        errors.NotImplemented,
        errors.RuntimeException,
    )
