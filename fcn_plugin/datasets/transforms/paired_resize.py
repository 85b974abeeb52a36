"""Both images at one fixed size."""

from collections.abc import Callable
from functools import partial

import mmcv
import numpy as np
from mmengine.utils import to_2tuple

from fcn_plugin.datasets.storage import read_ahead
from fcn_plugin.datasets.transforms.paired_transform import PairedTransform
from fcn_plugin.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PairedResize(PairedTransform):
    """Resizes both images with MMCV, whatever their aspect ratio.

    Args:
        size: Height and width in pixels, or one number for a square.
        interpolation: One of MMCV's, such as ``'bilinear'``, ``'bicubic'`` or ``'area'``.
    """

    def __init__(self, size: int | tuple[int, int], interpolation: str = "bilinear") -> None:
        self.height, self.width = to_2tuple(size)
        self.interpolation = interpolation

    def draw(self, results: dict) -> Callable[[np.ndarray], np.ndarray]:
        resize = partial(mmcv.imresize, size=(self.width, self.height), interpolation=self.interpolation)
        return lambda image: resize(read_ahead(image))
