"""From 8-bit pairs to one batch on the device."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from fcn_plugin.errors import InputError
from fcn_plugin.registry import MODELS


@MODELS.register_module()
class PairDataPreprocessor(BaseDataPreprocessor):
    """Moves pairs to the device as 8-bit numbers and turns the inputs into a batch of floats there.

    ``inputs``, RGB in uint8, (B, 3, H, W) or a list of (3, H, W), becomes (B, 3, H, W) float32 in [0, 1].
    The data samples only move: `DeblurringModel` reads their ``gt_img`` when it needs them. Where the
    sharp images come as one tensor ``targets``, each sample's ``gt_img`` becomes its part of that.

    Args:
        non_blocking: Whether the computation goes on while images in pinned memory are copied.

    Raises `InputError` when the images of a batch differ in size, or are left to be blurred on the device.
    """

    def __init__(self, non_blocking: bool = True):
        super().__init__(non_blocking)

    def forward(self, data: dict, training: bool = False) -> dict:
        data = self.cast_data(data)
        if "targets" in data:
            for sample, target in zip(data["data_samples"], data.pop("targets"), strict=True):
                sample.gt_img = target
        if any("exposure" in sample for sample in data.get("data_samples") or ()):
            raise InputError(
                "the pipeline leaves blurring to the device (render=False), which PairDataPreprocessor does "
                "not do: set model.data_preprocessor.type to SyntheticBlurPreprocessor, or render to True"
            )
        return {**data, "inputs": as_float_batch(data["inputs"])}


def as_float_batch(images: Tensor | Sequence[Tensor]) -> Tensor:
    """Turns uint8 images, (B, C, H, W) or several (C, H, W), into (B, C, H, W) float32 in [0, 1]."""
    return stack_images(images).float().div_(255)


def stack_images(images: Tensor | Sequence[Tensor]) -> Tensor:
    """Stacks images (C, H, W) into (B, C, H, W).

    Raises `InputError` when they differ in size.
    """
    sizes = {tuple(image.shape[-2:]) for image in images}
    if len(sizes) > 1:
        raise InputError(
            f"the images of one batch differ in size (height×width: "
            f"{', '.join(f'{height}×{width}' for height, width in sorted(sizes))}): "
            "crop or resize them in the pipeline, or set the dataloader's batch_size to 1"
        )
    # Stacked in the order that `PackPair` leaves them in memory; in another, this would copy byte by byte.
    return torch.stack([image.permute(1, 2, 0) for image in images]).permute(0, 3, 1, 2)
