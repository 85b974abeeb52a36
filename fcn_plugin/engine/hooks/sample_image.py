"""Where hooks put the picture of a sample."""

import os
from pathlib import Path

import mmcv
import numpy as np
from mmengine.structures import BaseDataElement


def save_sample_image(image: np.ndarray, folder: str | os.PathLike, sample: BaseDataElement) -> None:
    """Writes uint8 RGB (H, W, 3) to ``folder/DATASET/KEY.png``, whole or not at all."""
    path = Path(folder, sample.get("dataset", "data"), f"{sample.get('key')}.png")
    mmcv.imwrite(mmcv.rgb2bgr(image), str(path), backend_args={"backend": "atomic"})
