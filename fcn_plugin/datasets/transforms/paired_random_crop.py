"""The same random crop of both images."""

from collections.abc import Callable

import numpy as np
from mmengine.utils import to_2tuple

from fcn_plugin.datasets.transforms.paired_transform import PairedTransform, random_integer
from fcn_plugin.errors import InputError
from fcn_plugin.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PairedRandomCrop(PairedTransform):
    """Crops both images at one place, drawn uniformly among all that lie inside.

    Args:
        size: Height and width of the crop in pixels, or one number for a square.

    Raises:
        InputError: An image is smaller than the crop.
    """

    def __init__(self, size: int | tuple[int, int]) -> None:
        self.height, self.width = to_2tuple(size)

    def draw(self, results: dict) -> Callable[[np.ndarray], np.ndarray]:
        height, width = results["img"].shape[:2]
        if height < self.height or width < self.width:
            raise InputError(
                f"{results['key']!r} is {width}×{height}, smaller than a crop of {self.width}×{self.height}; "
                "use a smaller crop or leave the image out."
            )
        top = random_integer(height - self.height + 1)
        left = random_integer(width - self.width + 1)
        return lambda image: image[top : top + self.height, left : left + self.width]
