"""The restored images of a test, as files."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.structures import BaseDataElement

from fcn_plugin.evaluation import PredictionField
from fcn_plugin.registry import HOOKS

from .sample_image import save_sample_image


@HOOKS.register_module()
class RestoredImageHook(Hook):
    """Saves every restored image of a test as ``FOLDER/DATASET/KEY.png``: RGB in the 8 bits that are scored.

    Each process saves what it evaluates. ``prediction`` holds fields of `PredictionField`, for models that
    leave their images elsewhere than `DeblurringModel` does.
    """

    priority = "LOW"

    def __init__(self, folder: str | os.PathLike, prediction: Mapping[str, Any] | None = None):
        self.folder = folder
        self.prediction = PredictionField(**(prediction or {}))

    def after_test_iter(
        self, runner, batch_idx: int, data_batch: dict, outputs: Sequence[BaseDataElement]
    ) -> None:
        for sample in outputs:
            image = self.prediction.read(sample).permute(1, 2, 0).cpu().numpy()
            save_sample_image(image, self.folder, sample)
