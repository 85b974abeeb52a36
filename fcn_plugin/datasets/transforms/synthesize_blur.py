"""A blurry and a sharp image out of one sharp photograph."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.utils import to_2tuple

from fcn_plugin.datasets.storage import read_ahead
from fcn_plugin.datasets.transforms.paired_transform import random_integer
from fcn_plugin.errors import InputError
from fcn_plugin.registry import TRANSFORMS
from fcn_plugin.synthesis import (
    CameraShake,
    Sensor,
    Window,
    build_parameters,
    expose,
    middle,
    record_blurry,
    record_sharp,
)
from fcn_plugin.synthesis.torch_exposure import exposure_arrays


@TRANSFORMS.register_module()
class SynthesizeBlur(BaseTransform):
    """Crops a sharp photograph at random and blurs the crop as a shaken camera would.

    Takes ``gt``, the photograph, RGB, uint8. Sets ``gt`` to the sharp crop and ``img`` to the blurry one.

    Args:
        size: Height and width of the crop in pixels, or one number for a square.
        shake: How the camera moves: a `CameraShake` or its parameters.
        sensor: Exposure, noise and compression: a `Sensor` or its parameters.
        scales: Smallest and largest factor by which the photograph is resized before it is cropped; drawn
            uniformly, among those that leave room for the crop and its margin. Photographs look sharper at
            half their size, where their compression shows less.
        render: Whether to make ``img`` here. Otherwise ``img`` becomes the crop with the margin that the
            camera sees on its way, and ``exposure`` what `SyntheticBlurPreprocessor` needs to make the
            blurry image on the device.

    Raises:
        InputError: A parameter is out of its range, or a photograph is smaller than the crop and its margin.
    """

    def __init__(
        self,
        size: int | tuple[int, int],
        shake: CameraShake | Mapping[str, Any] | None = None,
        sensor: Sensor | Mapping[str, Any] | None = None,
        scales: tuple[float, float] = (0.5, 1.0),
        render: bool = True,
    ) -> None:
        self.height, self.width = to_2tuple(size)
        self.shake = build_parameters(CameraShake, shake)
        self.sensor = build_parameters(Sensor, sensor)
        if not 0 < scales[0] <= scales[1] <= 1:
            raise InputError(f"scales must be two factors in (0, 1], the smaller one first, not {scales}.")
        self.scales = tuple(scales)
        self.render = render

    @property
    def smallest_photograph(self) -> tuple[int, int]:
        """Height and width that a photograph needs at least."""
        return self.height + 2 * self.shake.margin, self.width + 2 * self.shake.margin

    def transform(self, results: dict) -> dict:
        generator = np.random.default_rng(random_integer(2**31))
        patch, window, photograph_size = self._cut(results["gt"], results["key"], generator)
        exposure = self.shake.draw(generator, window, photograph_size)
        response = self.sensor.draw(generator)
        if self.render:
            light = expose(patch, exposure, response.gamma)
            results["img"] = record_blurry(light, response, generator)
            results["gt"] = record_sharp(middle(patch, exposure), response)
        else:
            results["img"], results["gt"] = patch, middle(patch, exposure)
            results["exposure"] = exposure_arrays(exposure, response)
        return results

    def _cut(
        self, photograph: np.ndarray, key: str, generator: np.random.Generator
    ) -> tuple[np.ndarray, Window, tuple[int, int]]:
        """The crop with its margin, its window in the resized photograph, and that photograph's size."""
        size = np.array(photograph.shape[:2])
        needed = np.array(self.smallest_photograph)
        if (size < needed).any():
            raise InputError(
                f"{key!r} is {size[1]}×{size[0]}, smaller than a crop of {self.width}×{self.height} with the "
                f"{self.shake.margin} pixels on each side that a shaken camera sees; use a smaller crop or "
                "reach, or leave the image out."
            )
        smallest = max(self.scales[0], (needed / size).max())
        scale = generator.uniform(smallest, max(smallest, self.scales[1]))
        # Cut first, then resize what is needed alone.
        resized = np.maximum(np.rint(scale * size).astype(int), needed)
        corner = generator.integers(resized - needed, endpoint=True)
        start = np.rint(corner * size / resized).astype(int)
        stop = np.rint((corner + needed) * size / resized).astype(int)
        patch = read_ahead(photograph[start[0] : stop[0], start[1] : stop[1]])
        if patch.shape[:2] != tuple(needed):
            patch = cv2.resize(patch, tuple(map(int, needed[::-1])), interpolation=cv2.INTER_AREA)
        top, left = corner + self.shake.margin
        return patch, Window(int(left), int(top), self.width, self.height), tuple(resized)
