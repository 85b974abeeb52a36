"""The Python API of inference."""

import contextlib
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from math import isqrt
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fcn_plugin.errors import InputError

from .images import as_rgb, to_uint8
from .memory import held_memory, memory_errors, spare_memory
from .options import CONTEXT, FEATHER, SMALLEST_TILE
from .restoring_network import RestoringNetwork
from .self_ensemble import self_ensemble
from .tiles import restore_in_tiles, spans
from .weights_file import read_weights

SHIPPED_WEIGHTS = Path(__file__).parent / "weights"
PAPER_CROP = (256, 256)
"""Height and width of the images that the paper trains on."""

SURELY_FITTING = 256 * 256
"""Pixels of images whose memory is not worth asking for."""

BYTES_OF_IMAGE = 12
"""Per pixel: three channels in float32."""

Function = Callable[[Tensor], Tensor]


class Deblurrer:
    """Restores blurry photographs with a trained FCN.

    ``Deblurrer("weights.pth")("photo.jpg")`` is the restored image. The network's hyper-parameters come from
    the weights file itself.

    Args:
        weights: a file that ``tools/export_weights.py`` made, a plain state dict of `FCN` or a training
            checkpoint; ``None`` for the weights that come with the package.
        device: as PyTorch names it; ``None`` for the GPU where there is one, else the CPU. For ONNX files
            onnxruntime must be able to use the GPU too.
        dtype: what convolutions compute in: ``"float32"``, ``"bfloat16"`` or ``"float16"``. ``None`` for
            bfloat16 on GPUs that have it, float16 on others, and float32 on the CPU. The image itself and
            what is added to it stay in float32. ONNX files compute in float32 alone.
        mode: ``"local"``: queries are pooled over windows as large as the patches of the training
            (`FCN.pool_locally`), for which the weights file says the size of its training images (else
            the paper's 256×256). Images of any size; those that do not fit into memory go through in tiles.
            ``"global"``: queries are pooled over the patches of the image itself, as the paper does it. The
            image must fit into memory whole, since in a tile it would be another image's patches.
        tile: side of the tiles in pixels; ``None`` for the whole image where it fits, else what fits.
        self_ensemble: whether the answer is the mean over the eight flips and right-angle rotations of the
            image: eight times the time for a little more quality.
        max_memory: how many gigabytes this process may take on the CPU, or of the GPU's memory; ``None`` for
            4 on the CPU and all that is free on a GPU. Never more than is free.

    Attributes:
        description: Of the weights: ``name`` and ``sha256`` of the file, and its metadata.

    Raises `InputError` for weights, images and options that cannot be used.
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
        path = shipped_weights() if weights is None else _path(weights)
        loaded = read_weights(path)
        self.description: dict[str, Any] = {**loaded.metadata, "name": path.name, "sha256": loaded.sha256}
        self.network: RestoringNetwork = loaded.runnable(PAPER_CROP)
        self.device = _choose_device(device, self.network)
        self.dtype = _choose_dtype(dtype, self.device, self.network)
        self.mode = _choose_mode(mode, self.network)
        self.tile = _check_tile(tile, self.mode)
        self.self_ensemble = self_ensemble
        self.max_memory = _check_memory(max_memory)
        if self.network.image_channels != 3:
            raise InputError(
                f"{path}: restores images of {self.network.image_channels} channels, and photographs have "
                "three"
            )
        self.network.run(self.device, self.mode)
        held = held_memory(self.device)
        if self.max_memory is not None and held >= 1e9 * self.max_memory:
            raise InputError(
                f"max_memory is {self.max_memory:g} GB, but this process holds {held / 1e9:.3g} GB already: "
                "allow more"
            )

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
            return to_uint8(self.restore(as_rgb(images)))
        return [to_uint8(image) for image in self.restore_batch([as_rgb(image) for image in images])]

    def restore(self, image: np.ndarray) -> np.ndarray:
        """Restores float32 (H, W, 3), RGB in [0, 1]; returns the same, unrounded.

        Raises `InputError` for other arrays, and for values that are NaN or infinite.
        """
        return self.restore_batch([image])[0]

    def restore_batch(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """`restore` for each image; those of one size go through the network together."""
        by_size = defaultdict(list)
        for index, image in enumerate(images):
            _check_image(image)
            by_size[image.shape].append(index)
        restored: list[np.ndarray] = [None] * len(images)
        for indices in by_size.values():
            results = self._apply(self.network, [images[index] for index in indices])
            for index, result in zip(indices, results, strict=True):
                restored[index] = result
        return restored

    def stages(self, image: np.ndarray) -> list[np.ndarray]:
        """Every stage's prediction for float32 (H, W, 3), RGB in [0, 1], the answer last."""
        _check_image(image)
        count = self.network.predictions
        (stages,) = self._apply(
            lambda batch: torch.cat(self.network.predict_stages(batch), dim=1), [image], predictions=count
        )
        return np.split(stages, count, axis=-1)

    def _apply(self, function: Function, images: list[np.ndarray], predictions: int = 1) -> list[np.ndarray]:
        """``function``, (B, 3, H, W) to (B, C, H, W), of images of one size, as many at once as fit.

        ``predictions`` is how many images C makes.
        """
        if self.self_ensemble:
            function = self_ensemble(function)
        return self._apply_whole(function, images, predictions)

    def _apply_whole(
        self, function: Function, images: list[np.ndarray], predictions: int
    ) -> list[np.ndarray]:
        height, width = images[0].shape[:2]
        if self._fits(len(images), height, width, predictions):
            with contextlib.suppress(MemoryError):
                return list(self._compute(function, np.stack(images)))
        if len(images) > 1:
            half = len(images) // 2
            return [
                result
                for part in (images[:half], images[half:])
                for result in self._apply_whole(function, part, predictions)
            ]
        return [self._apply_in_tiles(function, images[0], predictions)]

    def _apply_in_tiles(self, function: Function, image: np.ndarray, predictions: int) -> np.ndarray:
        height, width = image.shape[:2]
        needed = height * width * self._bytes_per_pixel(predictions)
        room = f"about {needed / 1e9:.3g} GB, and {max(self._spare_memory(), 0) / 1e9:.3g} GB may be taken"
        if self.mode == "global":
            raise InputError(
                f"an image of {width}×{height} needs {room}, in mode 'global', which takes images whole: "
                "allow more memory, or choose mode 'local', which works in tiles"
            )
        size = self.tile or self._fitting_tile(height, width, predictions)
        while size >= SMALLEST_TILE:
            cut = partial(spans, size=size, context=CONTEXT, feather=FEATHER, step=self.network.tile_step)
            with contextlib.suppress(MemoryError):
                return restore_in_tiles(
                    lambda tile: self._compute(function, tile[None])[0], image, cut(height), cut(width)
                )
            size = max(size // 2, SMALLEST_TILE) if size > SMALLEST_TILE else 0
        tiles = f", not even for tiles of {SMALLEST_TILE}×{SMALLEST_TILE}"
        raise InputError(
            f"not enough memory for an image of {width}×{height}"
            f"{tiles if max(height, width) > SMALLEST_TILE else ''}: whole, it needs {room}; allow more, or "
            "close what takes it"
        )

    def _fits(self, count: int, height: int, width: int, predictions: int) -> bool:
        if self.tile is not None:
            return count == 1 and max(height, width) <= self.tile
        pixels = count * height * width
        return pixels <= SURELY_FITTING or pixels * self._bytes_per_pixel(predictions) <= self._spare_memory()

    def _fitting_tile(self, height: int, width: int, predictions: int) -> int:
        spare = self._spare_memory() - height * width * predictions * BYTES_OF_IMAGE
        fitting = isqrt(max(int(spare / self._bytes_per_pixel(predictions)), 0))
        return min(fitting, max(height, width) - 1)

    def _spare_memory(self) -> float:
        return spare_memory(self.device, self.max_memory)

    def _bytes_per_pixel(self, predictions: int) -> float:
        """What a pixel takes in the network, as part of its input, and of its predictions in two layouts."""
        return self._bytes_of_features + (1 + 2 * predictions) * BYTES_OF_IMAGE

    @cached_property
    def _bytes_of_features(self) -> float:
        return self.network.bytes_per_pixel(self.dtype)

    def _compute(self, function: Function, images: np.ndarray) -> np.ndarray:
        """``function`` of images (B, H, W, 3), clamped to [0, 1]: float32 (B, H, W, C)."""
        batch = torch.from_numpy(np.ascontiguousarray(images)).to(self.device).movedim(-1, 1)
        autocast = torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)
        with memory_errors(), torch.inference_mode(), autocast:
            restored = function(batch).float()
            if not torch.isfinite(restored).all():
                raise InputError(
                    f"the network gave values that are NaN or infinite in {self.dtype}: use dtype='float32', "
                    "or other weights"
                )
            return restored.clamp_(0, 1).movedim(1, -1).cpu().contiguous().numpy()


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


def _path(weights: Any) -> Path:
    if not isinstance(weights, str | os.PathLike):
        raise InputError(f"weights are named by the path of their file, not by a {type(weights).__name__}")
    return Path(weights)


def _choose_device(name: str | None, network: RestoringNetwork) -> torch.device:
    if name is None:
        return network.fastest_device()
    try:
        device = torch.device(name)
        torch.zeros((), device=device).item()  # there are devices that hold no values
    except (RuntimeError, TypeError, AssertionError) as error:  # an AssertionError where torch has no CUDA
        choices = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
        choices += ["mps"] * torch.backends.mps.is_available()
        fault = "is not there"  # of which PyTorch tells at length, and lists all that it might be built for
        if str(name) in ("cuda", *choices):
            sentence = str(error).partition("\n")[0]
            fault = f"cannot be used ({sentence})"
        raise InputError(f"device {name!r} {fault}; choose {' or '.join(choices)}") from error
    return device


def _choose_dtype(
    name: str | torch.dtype | None, device: torch.device, network: RestoringNetwork
) -> torch.dtype:
    if name is None:
        return network.fastest_dtype(device)
    dtype = getattr(torch, name, None) if isinstance(name, str) else name
    if dtype not in network.dtypes:
        choices = " or ".join(str(choice).removeprefix("torch.") for choice in network.dtypes)
        raise InputError(f"dtype {name!r} is not to be had with these weights: choose {choices}")
    return dtype


def _choose_mode(mode: str | None, network: RestoringNetwork) -> str:
    mode = network.modes[0] if mode is None else mode
    if mode not in network.modes:
        choices = " or ".join(network.modes)
        raise InputError(f"mode {mode!r} is not to be had with these weights: choose {choices}")
    return mode


def _check_tile(tile: Any, mode: str) -> int | None:
    if tile is None:
        return None
    if mode == "global":
        raise InputError("mode 'global' takes images whole; tiles are for mode 'local'")
    if not isinstance(tile, Integral) or tile < SMALLEST_TILE:
        raise InputError(f"tiles are {SMALLEST_TILE} pixels or more along a side, not {tile!r}")
    return int(tile)


def _check_image(image: Any) -> None:
    is_image = isinstance(image, np.ndarray) and image.ndim == 3 and image.shape[2] == 3 and image.size > 0
    if not is_image or image.dtype != np.float32:
        raise InputError(
            "what is restored unrounded is a float32 array (height, width, 3), RGB in [0, 1]: call the "
            "Deblurrer itself with other images"
        )
    if not np.isfinite(image).all():
        raise InputError("the image has values that are NaN or infinite; replace them first")


def _check_memory(gigabytes: Any) -> float | None:
    if gigabytes is not None and not (isinstance(gigabytes, Real) and gigabytes > 0):
        raise InputError(f"max_memory is a number of gigabytes above 0, not {gigabytes!r}")
    return gigabytes
