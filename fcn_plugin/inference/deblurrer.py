"""The Python API of inference."""

import contextlib
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fcn_plugin.errors import InputError

from .images import as_rgb
from .weights_file import read_weights

SHIPPED_WEIGHTS = Path(__file__).parent / "weights"


class Deblurrer:
    """Restores blurry photographs with a trained FCN.

    ``Deblurrer("weights.pth")("photo.jpg")`` is the restored image. The network's hyper-parameters come from
    the weights file itself.

    Args:
        weights: a file that `tools/export_weights.py` made, a plain state dict of `FCN` or a training
            checkpoint; ``None`` for the weights that come with the package.
        device: as PyTorch names it; ``None`` for the GPU where there is one, else the CPU.
        dtype: what convolutions compute in: ``"float32"``, ``"bfloat16"`` or ``"float16"``. ``None`` for
            bfloat16 on GPUs that have it, float16 on others, and float32 on the CPU. The image itself and
            what is added to it stay in float32.
        self_ensemble: whether the answer is the mean over the eight flips and right-angle rotations of the
            image: eight times the time for a little more quality.

    Attributes:
        description: Of the weights: ``name`` and ``sha256`` of the file, and its metadata.

    Raises `InputError` for weights and images that cannot be used.
    """

    def __init__(
        self,
        weights: str | os.PathLike | None = None,
        *,
        device: str | None = None,
        dtype: str | torch.dtype | None = None,
        mode: str | None = None,
        tile: int | None = None,
        self_ensemble: bool = False,
        max_memory: float | None = None,
    ):
        path = shipped_weights() if weights is None else Path(weights)
        loaded = read_weights(path)
        self.description: dict[str, Any] = {"name": path.name, "sha256": loaded.sha256, **loaded.metadata}
        self.device = _choose_device(device)
        self.dtype = _choose_dtype(dtype, self.device)
        self.mode = mode or "global"
        self.self_ensemble = self_ensemble
        self.network = loaded.network.to(self.device, memory_format=torch.channels_last)

    def __call__(self, images: Any) -> np.ndarray | list[np.ndarray]:
        """Restores one image, or each image of a list.

        Args:
            images: a path, an array (H, W, 3), RGB, in uint8, uint16 or floating point in [0, 1], a PIL
                image, or a tensor (3, H, W); or a list of these; or a tensor (B, 3, H, W), which counts as a
                list. `as_rgb` tells what else is taken. Images of one size are restored together.

        Returns:
            uint8 RGB (H, W, 3), or a list of these.
        """
        several = isinstance(images, list | tuple) or (isinstance(images, Tensor) and images.ndim == 4)
        if not several:
            return _to_uint8(self.restore(as_rgb(images)))
        return [_to_uint8(image) for image in self.restore_batch([as_rgb(image) for image in images])]

    def restore(self, image: np.ndarray) -> np.ndarray:
        """Restores float32 (H, W, 3), RGB in [0, 1]; returns the same, unrounded."""
        return self.restore_batch([image])[0]

    def restore_batch(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """`restore` for each image; those of one size go through the network together."""
        by_size = defaultdict(list)
        for index, image in enumerate(images):
            by_size[image.shape].append(index)
        restored: list[np.ndarray] = [None] * len(images)
        for indices in by_size.values():
            batch = np.stack([images[index] for index in indices])
            for index, image in zip(indices, self._run(self.network, batch), strict=True):
                restored[index] = image
        return restored

    def stages(self, image: np.ndarray) -> list[np.ndarray]:
        """Every stage's prediction for float32 (H, W, 3), RGB in [0, 1], the answer last."""
        stages = self._run(lambda batch: torch.cat(self.network.predict_stages(batch), dim=1), image[None])
        return np.split(stages[0], stages.shape[-1] // 3, axis=-1)

    def _run(self, function: Callable[[Tensor], Tensor], images: np.ndarray) -> np.ndarray:
        """What ``function``, (B, 3, H, W) to (B, C, H, W), makes of images (B, H, W, 3): (B, H, W, C)."""
        batch = torch.from_numpy(images).to(self.device).movedim(-1, 1)
        with torch.inference_mode(), self._precision():
            restored = function(batch).float()
            if not torch.isfinite(restored).all():
                raise InputError(
                    f"the network gave values that are NaN or infinite in {self.dtype}: use dtype='float32', "
                    "or other weights"
                )
            return restored.clamp_(0, 1).movedim(1, -1).cpu().numpy()

    def _precision(self) -> contextlib.AbstractContextManager:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)


def shipped_weights() -> Path:
    """The weights that come with the package.

    Raises `InputError` where there are none.
    """
    files = sorted(SHIPPED_WEIGHTS.glob("*.safetensors"))
    if not files:
        raise InputError(
            f"no weights come with this version of the package ({SHIPPED_WEIGHTS} holds none): name a file"
        )
    return files[0]


def _choose_device(name: str | None) -> torch.device:
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # an AssertionError where torch has no CUDA
        raise InputError(f"device {name!r} cannot be used here ({error}); choose cpu") from error
    return device


def _choose_dtype(name: str | torch.dtype | None, device: torch.device) -> torch.dtype:
    if name is None:
        if device.type != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    dtype = getattr(torch, name, None) if isinstance(name, str) else name
    if dtype not in (torch.float32, torch.bfloat16, torch.float16):
        raise InputError(f"dtype {name!r} is none of float32, bfloat16 and float16")
    return dtype


def _to_uint8(image: np.ndarray) -> np.ndarray:
    return (image * 255).round().astype(np.uint8)
