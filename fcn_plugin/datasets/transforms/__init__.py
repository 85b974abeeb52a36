"""Transforms of pairs, for the pipelines of MMEngine's datasets."""

try:
    import mmcv  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "The transforms need MMCV: keep your toolbox's, or run `pip install mmcv-lite` if you have none."
    ) from error

from fcn_plugin.datasets.transforms.average_frames import AverageFrames
from fcn_plugin.datasets.transforms.pack_pair import PackPair
from fcn_plugin.datasets.transforms.paired_random_crop import PairedRandomCrop
from fcn_plugin.datasets.transforms.paired_random_flip import PairedRandomFlip
from fcn_plugin.datasets.transforms.paired_random_rotate90 import PairedRandomRotate90
from fcn_plugin.datasets.transforms.paired_resize import PairedResize
from fcn_plugin.datasets.transforms.synthesize_blur import SynthesizeBlur

__all__ = [
    "AverageFrames",
    "PackPair",
    "PairedRandomCrop",
    "PairedRandomFlip",
    "PairedRandomRotate90",
    "PairedResize",
    "SynthesizeBlur",
]
