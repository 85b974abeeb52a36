"""The end of a pipeline: what the model and the metrics receive."""

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import BaseDataElement

from fcn_plugin.datasets.storage import read_ahead
from fcn_plugin.registry import TRANSFORMS

META_KEYS = ("key", "dataset", "ori_shape", "blur")
FLIP_CODES = {(-1, 1): 0, (1, -1): 1, (-1, -1): -1}  # OpenCV's, by the steps between rows and columns


@TRANSFORMS.register_module()
class PackPair(BaseTransform):
    """Packs a pair into ``inputs`` and ``data_samples``.

    ``inputs`` is the blurry image, 3 × height × width, RGB, uint8; of ``AverageFrames(render=False)`` it is n
    frames one behind the other, 3 n × height × width. ``data_samples`` is a
    ``BaseDataElement`` whose ``gt_img`` is the sharp image likewise, and whose metainfo holds ``key``,
    ``dataset``, ``ori_shape`` (height, width before the pipeline) and, where it is known, ``blur``. An
    ``exposure`` that `SynthesizeBlur` leaves to the device becomes a ``BaseDataElement`` of float32 tensors.

    In memory the tensors are height × width × 3, as the files are and as a channels-last network wants
    them: no step on the way there moves single bytes.
    """

    def transform(self, results: dict) -> dict:
        metainfo = {name: results[name] for name in META_KEYS if name in results}
        sample = BaseDataElement(metainfo=metainfo, gt_img=_to_tensor(results["gt"]))
        if "exposure" in results:
            arrays = results["exposure"].items()
            sample.exposure = BaseDataElement(**{name: torch.from_numpy(array) for name, array in arrays})
        return {"inputs": _to_tensor(results["img"]), "data_samples": sample}


def _to_tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(_contiguous_copy(image)).permute(2, 0, 1)


def _contiguous_copy(image: np.ndarray) -> np.ndarray:
    """The pipeline's one copy: before it, images may be views into a file mapped from disk."""
    if image.shape[2] > 3:  # several frames, one behind the other, whose pixels are too large for OpenCV
        return read_ahead(image).copy()
    # NumPy copies what is mirrored or turned byte by byte, OpenCV in whole pixels and several times faster.
    rows, columns = (-1 if stride < 0 else 1 for stride in image.strides[:2])
    forwards = read_ahead(image)[::rows, ::columns]
    turned = forwards.strides[0] < forwards.strides[1]
    copy = cv2.transpose(forwards.swapaxes(0, 1)) if turned else forwards.copy()
    # Last, when the pixels are in the processor's cache.
    return cv2.flip(copy, FLIP_CODES[rows, columns]) if (rows, columns) in FLIP_CODES else copy
