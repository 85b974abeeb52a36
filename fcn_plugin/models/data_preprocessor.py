"""From a list of 8-bit pairs to one batch on the device."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from fcn_plugin.errors import InputError
from fcn_plugin.registry import MODELS


@MODELS.register_module()
class PairDataPreprocessor(BaseDataPreprocessor):
    """Moves pairs to the device as 8-bit numbers and turns the inputs into a batch of floats there.

    ``inputs``, a list of (3, H, W) RGB images in uint8, becomes (B, 3, H, W) float32 in [0, 1]. The data
    samples only move: `DeblurringModel` reads their ``gt_img`` when it needs them.

    Raises `InputError` when the images of a batch differ in size.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        data = self.cast_data(data)
        return {**data, "inputs": as_float_batch(data["inputs"])}


def as_float_batch(images: Sequence[Tensor]) -> Tensor:
    """Stacks uint8 images (C, H, W) into (B, C, H, W) float32 in [0, 1]."""
    sizes = {tuple(image.shape[-2:]) for image in images}
    if len(sizes) > 1:
        raise InputError(
            f"the images of one batch differ in size (height×width: "
            f"{', '.join(f'{height}×{width}' for height, width in sorted(sizes))}): "
            "crop or resize them in the pipeline, or set the dataloader's batch_size to 1"
        )
    return torch.stack(list(images)).float().div_(255)
