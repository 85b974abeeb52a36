"""The same random flips of both images."""

from collections.abc import Callable

import numpy as np

from fcn_plugin.datasets.transforms.paired_transform import PairedTransform, happens
from fcn_plugin.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PairedRandomFlip(PairedTransform):
    """Mirrors both images left to right and, independently, top to bottom.

    Args:
        horizontal: Probability of left to right.
        vertical: Probability of top to bottom.
    """

    def __init__(self, horizontal: float = 0.5, vertical: float = 0.5) -> None:
        self.horizontal = horizontal
        self.vertical = vertical

    def draw(self, results: dict) -> Callable[[np.ndarray], np.ndarray]:
        columns = slice(None, None, -1 if happens(self.horizontal) else 1)
        rows = slice(None, None, -1 if happens(self.vertical) else 1)
        return lambda image: image[rows, columns]
