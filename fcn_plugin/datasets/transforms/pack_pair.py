"""The end of a pipeline: what the model and the metrics receive."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import BaseDataElement

from fcn_plugin.registry import TRANSFORMS

META_KEYS = ("key", "dataset", "ori_shape", "blur")


@TRANSFORMS.register_module()
class PackPair(BaseTransform):
    """Packs a pair into ``inputs`` and ``data_samples``.

    ``inputs`` is the blurry image, 3 × height × width, RGB, uint8. ``data_samples`` is a
    ``BaseDataElement`` whose ``gt_img`` is the sharp image likewise, and whose metainfo holds ``key``,
    ``dataset``, ``ori_shape`` (height, width before the pipeline) and, where it is known, ``blur``.
    """

    def transform(self, results: dict) -> dict:
        metainfo = {name: results[name] for name in META_KEYS if name in results}
        return {
            "inputs": _to_tensor(results["img"]),
            "data_samples": BaseDataElement(metainfo=metainfo, gt_img=_to_tensor(results["gt"])),
        }


def _to_tensor(image: np.ndarray) -> torch.Tensor:
    # The pipeline's one copy: before it, images may be views into a file mapped from disk.
    return torch.from_numpy(np.array(image.transpose(2, 0, 1), order="C"))
