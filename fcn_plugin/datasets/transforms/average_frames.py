"""A blurry and a sharp image out of neighbouring sharp frames."""

import numpy as np
from mmcv.transforms import BaseTransform

from fcn_plugin.datasets.storage import read_ahead
from fcn_plugin.datasets.transforms.paired_random_crop import PairedRandomCrop
from fcn_plugin.datasets.transforms.paired_transform import random_integer
from fcn_plugin.errors import InputError
from fcn_plugin.registry import TRANSFORMS
from fcn_plugin.synthesis import average_in_linear_light
from fcn_plugin.synthesis.exposure import GAMMA
from fcn_plugin.synthesis.video import check_gamma, odd_counts


@TRANSFORMS.register_module()
class AverageFrames(BaseTransform):
    """Crops neighbouring frames at one random place and averages them in linear light, as GoPro was made.

    Takes ``frames`` of `FrameSequenceDataset`, RGB, uint8. Sets ``gt`` to the crop of the frame in the
    middle and ``img`` to the average of the crops of as many frames on either side of it.

    Args:
        size: Height and width of the crop in pixels, or one number for a square.
        frames: Fewest and most to average; an odd number among them is drawn for each pair.
        gamma: Exponent that turns stored values into light; 1 averages the stored values.
        render: Whether to average here. Otherwise ``img`` becomes all of the crops, height × width × 3 n, and
            ``exposure`` what `SyntheticBlurPreprocessor` needs to average them on the device.

    Raises:
        InputError: A parameter is out of its range, or frames are smaller than the crop or too few.
    """

    def __init__(
        self,
        size: int | tuple[int, int],
        frames: tuple[int, int] = (7, 13),
        gamma: float = GAMMA,
        render: bool = True,
    ) -> None:
        self.crop = PairedRandomCrop(size)
        self.counts = odd_counts(frames)
        self.gamma = check_gamma(gamma)
        self.render = render

    def transform(self, results: dict) -> dict:
        frames = results.pop("frames")
        if len(frames) < self.counts[-1]:
            raise InputError(
                f"{results['key']!r} comes with {len(frames)} frames, and up to {self.counts[-1]} are to be "
                "averaged; give FrameSequenceDataset as many."
            )
        count = self.counts[random_integer(len(self.counts))]
        first = (len(frames) - count) // 2
        crop = self.crop.draw({**results, "img": frames[first]})
        crops = [read_ahead(crop(frame)) for frame in frames[first : first + count]]
        if self.render:
            results["img"] = average_in_linear_light(crops, self.gamma)
        else:
            results["img"] = np.concatenate(crops, axis=2)
            results["exposure"] = {"gamma": np.asarray(self.gamma, np.float32)}
        results["gt"] = crops[count // 2]
        return results
