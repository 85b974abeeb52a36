"""A network in an ONNX file, run by onnxruntime."""

import json
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fcn_plugin.errors import InputError
from fcn_plugin.tensor_file import METADATA_KEY

from .memory import has_run_out
from .options import LARGEST_TILE_STEP

INPUT, RESTORED, STAGE = "blurry", "restored", "stage_"
"""Names in the file: of the images, of the answer, and, before a number, of an earlier stage's prediction."""

BESIDE_TORCH = 2.75
"""How many times PyTorch's memory onnxruntime takes: 1.6 to 2.75 for images of 0.6 to 2.4 megapixels.

It keeps features in a layout of its own beside the usual one, and frees them in another order.
"""

_PROVIDERS = {"cuda": "CUDAExecutionProvider", "cpu": "CPUExecutionProvider"}


class OnnxNetwork:
    """A network that `export_onnx` wrote, as a `RestoringNetwork`.

    Images may be on any device; the result comes back there, in float32.

    Args:
        content: of the ONNX file.

    Attributes:
        metadata: What `export_onnx` was given.

    Raises `InputError` when onnxruntime is missing, and for a file that is damaged or another's.
    """

    image_channels = 3  # or `_is_ours` refuses the file
    dtypes = (torch.float32,)

    def __init__(self, content: bytes):
        self.session = _open_session(content)
        self.metadata = _metadata(self.session)
        if not _is_ours(self.session, self.metadata):
            raise InputError("holds a network of other origin; make one with tools/export_onnx.py")
        self.modes = (self.metadata["mode"],)  # that was exported
        self.tile_step: int = self.metadata["tile_step"]
        stages = [output.name for output in self.session.get_outputs() if output.name.startswith(STAGE)]
        self.stages = [*sorted(stages, key=lambda name: (len(name), name)), RESTORED]  # 10 comes after 9
        self.predictions = len(self.stages)

    def fastest_device(self) -> torch.device:
        """The GPU where both onnxruntime and PyTorch can use it, else the CPU."""
        import onnxruntime

        has_gpu = _PROVIDERS["cuda"] in onnxruntime.get_available_providers() and torch.cuda.is_available()
        return torch.device("cuda" if has_gpu else "cpu")

    def fastest_dtype(self, device: torch.device) -> torch.dtype:
        return torch.float32

    def run(self, device: torch.device, mode: str) -> None:
        import onnxruntime

        provider = _PROVIDERS.get(device.type)
        if provider in onnxruntime.get_available_providers():
            options = {"device_id": device.index or 0} if device.type == "cuda" else {}
            self.session.set_providers([provider], [options])
        # What cannot be loaded, onnxruntime replaces by the CPU.
        if self.session.get_providers()[0] != provider:
            raise InputError(
                f"onnxruntime cannot compute on {device} here: install onnxruntime-gpu, or choose cpu"
            )

    def bytes_per_pixel(self, dtype: torch.dtype) -> float:
        return BESIDE_TORCH * self.metadata["bytes_per_pixel"]

    def __call__(self, blurry: Tensor) -> Tensor:
        return self._run(blurry, [RESTORED])[0]

    def predict_stages(self, blurry: Tensor) -> list[Tensor]:
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


def _open_session(content: bytes) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise InputError(
            "ONNX is run by onnxruntime, which is not installed; run `pip install onnxruntime`"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # An arena grows in powers of two and gives nothing back: large images would take more than was reckoned.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4  # errors are raised; of its optimiser's warnings nobody can make use
    try:
        return onnxruntime.InferenceSession(content, options, providers=[_PROVIDERS["cpu"]])
    except _errors() as error:
        raise InputError("damaged, or no ONNX file; export or copy it again") from error


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


def _metadata(session: Any) -> dict[str, Any]:
    try:
        metadata = json.loads(session.get_modelmeta().custom_metadata_map.get(METADATA_KEY, ""))
    except (ValueError, RecursionError):
        return {}
    return metadata if isinstance(metadata, dict) else {}


def _is_ours(session: Any, metadata: dict[str, Any]) -> bool:
    """Whether the network takes and gives what `export_onnx` says, and its metadata too."""
    inputs = [(value.name, value.type, value.shape[1:2]) for value in session.get_inputs()]
    tile_step, bytes_per_pixel = metadata.get("tile_step"), metadata.get("bytes_per_pixel")
    return (
        inputs == [(INPUT, "tensor(float)", [3])]
        and RESTORED in [output.name for output in session.get_outputs()]
        and metadata.get("mode") in ("local", "global")
        and isinstance(tile_step, int)
        and 1 <= tile_step <= LARGEST_TILE_STEP
        and isinstance(bytes_per_pixel, int | float)
        and bytes_per_pixel > 0
    )
