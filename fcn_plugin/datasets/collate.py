"""From pairs to a batch, in the loader's worker."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dataset import pseudo_collate
from torch.utils.data import default_collate

from fcn_plugin.registry import FUNCTIONS


@FUNCTIONS.register_module()
def collate_pairs(samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Stacks pairs of one size; use as ``collate_fn=dict(type='fcn_plugin.collate_pairs')``.

    The samples' ``inputs`` become one tensor (B, 3, H, W), their data samples' ``gt_img`` another, called
    ``targets``, from which ``PairDataPreprocessor`` gives each sample its own back. Two tensors come out of
    a worker where MMEngine's ``pseudo_collate`` hands over two per pair, and both can be pinned.

    Pairs that differ in size stay lists, as ``pseudo_collate`` leaves them.
    """
    batch = pseudo_collate(samples)
    if len({image.shape for image in batch["inputs"]}) == 1:
        batch["targets"] = _stack([sample.pop("gt_img") for sample in batch["data_samples"]])
        batch["inputs"] = _stack(batch["inputs"])
    return batch


def _stack(images: Sequence[torch.Tensor]) -> torch.Tensor:
    # In the order of `PackPair`'s memory. In a worker torch's function stacks into memory that is shared.
    return default_collate([image.permute(1, 2, 0) for image in images]).permute(0, 3, 1, 2)
