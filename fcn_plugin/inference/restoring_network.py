"""What inference asks of a network, whoever computes it."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor


class RestoringNetwork(Protocol):
    """A network as `Deblurrer` runs it, on the CPU until `run` says otherwise.

    Attributes:
        image_channels: of the images that it takes.
        modes: how it can pool queries (`FCN.pool_locally`), the default first.
        dtypes: what it can compute in.
        predictions: how many it makes, one for each stage.
        tile_step: pixels; tiles of an image begin at multiples of this (`FCN.tile_step`).
    """

    image_channels: int
    modes: Sequence[str]
    dtypes: Sequence[torch.dtype]
    predictions: int
    tile_step: int

    def fastest_device(self) -> torch.device:
        """The GPU, where there is one that can be used."""
        ...

    def fastest_dtype(self, device: torch.device) -> torch.dtype:
        """Of `dtypes`, what is computed in on ``device`` unless told otherwise."""
        ...

    def run(self, device: torch.device, mode: str) -> None:
        """Computes on ``device`` and in ``mode`` from now on.

        Raises `InputError` where it cannot.
        """
        ...

    def bytes_per_pixel(self, dtype: torch.dtype) -> float:
        """The most memory that it takes for each pixel of the image."""
        ...

    def predict_stages(self, blurry: Tensor) -> list[Tensor]:
        """Every stage's prediction, the answer last, each shaped as ``blurry``."""
        ...

    def __call__(self, blurry: Tensor) -> Tensor:
        """Images (B, image_channels, H, W), RGB in [0, 1], any H and W, restored."""
        ...
