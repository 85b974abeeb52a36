"""The same random quarter turns of both images."""

from collections.abc import Callable
from functools import partial

import numpy as np

from fcn_plugin.datasets.transforms.paired_transform import PairedTransform, random_integer
from fcn_plugin.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PairedRandomRotate90(PairedTransform):
    """Turns both images by 0, 90, 180 or 270 degrees, each as likely; height and width may change places."""

    def draw(self, results: dict) -> Callable[[np.ndarray], np.ndarray]:
        return partial(np.rot90, k=random_integer(4))
