"""Pictures to look at: blurry, restored and sharp side by side."""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.structures import BaseDataElement
from torch import Tensor

from fcn_plugin.evaluation import PredictionField, psnr
from fcn_plugin.registry import HOOKS

from .sample_image import save_sample_image

CAPTION_HEIGHT = 24
GAP = 4


@HOOKS.register_module()
class ComparisonImageHook(Hook):
    """Saves blurry | restored | sharp for up to ``images`` samples of each validation and test; 0 for none.

    They are spread evenly over the dataset and written to ``WORK_DIR/comparisons/{val,test}/DATASET/KEY.png``
    by the first rank, from what it evaluates; each validation replaces the last one's. ``prediction`` holds
    fields of `PredictionField`, for models that leave their images elsewhere than `DeblurringModel` does.
    """

    priority = "LOW"

    def __init__(self, images: int = 8, prediction: Mapping[str, Any] | None = None):
        self.images = images
        self.prediction = PredictionField(**(prediction or {}))

    def after_val_iter(self, runner, batch_idx: int, data_batch: dict, outputs: Sequence) -> None:
        self._save(runner, "val", batch_idx, len(runner.val_dataloader), data_batch, outputs)

    def after_test_iter(self, runner, batch_idx: int, data_batch: dict, outputs: Sequence) -> None:
        self._save(runner, "test", batch_idx, len(runner.test_dataloader), data_batch, outputs)

    def _save(
        self,
        runner,
        phase: str,
        batch_idx: int,
        batches: int,
        data_batch: dict,
        outputs: Sequence[BaseDataElement],
    ) -> None:
        if not is_main_process() or self.images == 0 or batch_idx % ceil(batches / self.images):
            return
        sample = outputs[0]
        picture = comparison_picture(data_batch["inputs"][0], self.prediction.read(sample), sample.gt_img)
        save_sample_image(picture, Path(runner.work_dir, "comparisons", phase), sample)


def comparison_picture(blurry: Tensor, restored: Tensor, sharp: Tensor) -> np.ndarray:
    """Puts three uint8 RGB images (3, H, W) side by side under captions with their PSNR.

    Returns uint8 RGB (H + caption, 3 W + gaps, 3).
    """
    sharp = sharp.cpu()
    panels = []
    for name, image in (("blurry", blurry.cpu()), ("restored", restored.cpu()), ("sharp", sharp)):
        caption = name if image is sharp else f"{name} {float(psnr(image, sharp)):.2f} dB"
        panel = np.full((CAPTION_HEIGHT + image.shape[1], image.shape[2] + GAP, 3), 255, np.uint8)
        panel[CAPTION_HEIGHT:, : image.shape[2]] = image.permute(1, 2, 0).numpy()
        cv2.putText(panel, caption, (4, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
        panels.append(panel)
    return np.concatenate(panels, axis=1)[:, :-GAP]
