import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import FUNCTIONS as ROOT_FUNCTIONS
from torch.utils.data import DataLoader
from torch.utils.data._utils.pin_memory import pin_memory

from fcn_plugin.datasets import PairedImageDataset, collate_pairs
from fcn_plugin.datasets.transforms import PackPair

PIPELINE = [{"type": "fcn_plugin.PackPair"}]


@pytest.fixture
def packed(make_image):
    """Makes the samples of pairs of these sizes (height, width)."""

    def pack(*sizes):
        return [
            PackPair()({"img": make_image(*size), "gt": make_image(*size), "key": str(number)})
            for number, size in enumerate(sizes)
        ]

    return pack


def test_pairs_of_one_size_are_stacked(packed):
    samples = packed((8, 6), (8, 6))
    inputs = [sample["inputs"] for sample in samples]
    targets = [sample["data_samples"].gt_img for sample in samples]
    batch = collate_pairs(samples)
    assert set(batch) == {"inputs", "targets", "data_samples"}
    assert torch.equal(batch["inputs"], torch.stack(inputs))
    assert torch.equal(batch["targets"], torch.stack(targets))
    assert [sample.key for sample in batch["data_samples"]] == ["0", "1"]
    for stacked in (batch["inputs"], batch["targets"]):
        assert stacked.is_contiguous(memory_format=torch.channels_last)


def test_pairs_of_different_sizes_stay_lists(packed):
    samples = packed((8, 6), (6, 8))
    batch = collate_pairs(samples)
    assert batch.keys() == pseudo_collate(samples).keys()
    for sample, image, element in zip(samples, batch["inputs"], batch["data_samples"], strict=True):
        assert image is sample["inputs"]
        assert element.gt_img is sample["data_samples"].gt_img


def test_all_images_can_be_pinned(packed, monkeypatch):
    pinned = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor, *_: pinned.append(tensor.shape) or tensor)
    pin_memory(collate_pairs(packed((8, 6), (8, 6))))
    assert pinned == [(2, 3, 8, 6)] * 2


@pytest.mark.parametrize("workers", [0, 1])
def test_a_loader_gives_the_same_batches_with_workers(tmp_path, write_images, workers):
    blurry, sharp = (write_images(tmp_path / side, "a.png", "b.png", "c.png") for side in ("blur", "sharp"))
    dataset = PairedImageDataset(tmp_path / "blur", tmp_path / "sharp", "Mine", pipeline=PIPELINE)
    collate = ROOT_FUNCTIONS.get("fcn_plugin.collate_pairs")
    batches = list(DataLoader(dataset, batch_size=2, num_workers=workers, collate_fn=collate))
    assert [len(batch["data_samples"]) for batch in batches] == [2, 1]
    for name, images in (("inputs", blurry), ("targets", sharp)):
        stacked = torch.cat([batch[name] for batch in batches]).permute(0, 2, 3, 1)
        np.testing.assert_array_equal(stacked.numpy(), np.stack(list(images.values())))
