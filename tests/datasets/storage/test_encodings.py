import pytest
import torch
from mmengine.runner import set_random_seed
from torch.utils.data import DataLoader

from fcn_plugin.datasets import GoProDataset, PairedImageDataset
from fcn_plugin.datasets.storage import LMDBStore, write_lmdbs
from fcn_plugin.datasets.storage.encodings import ENCODINGS

PIPELINE = [
    {"type": "fcn_plugin.PairedRandomCrop", "size": 16},
    {"type": "fcn_plugin.PairedRandomFlip"},
    {"type": "fcn_plugin.PairedRandomRotate90"},
    {"type": "fcn_plugin.PackPair"},
]


@pytest.fixture
def gopro(tmp_path, write_images):
    frames = [f"GOPR0372_07_00/{{}}/{number:06d}.png" for number in range(6)]
    for kind in ("blur", "sharp"):
        write_images(tmp_path / "folder/train", *(frame.format(kind) for frame in frames))
    dataset = GoProDataset(tmp_path / "folder", "train", "linear")
    for encoding in ENCODINGS:
        write_lmdbs(dataset.lmdb_plans(tmp_path / encoding), workers=0, encoding=encoding)
    return tmp_path


def samples(dataset, workers):
    """Every pair as the pipeline gives it, drawn from one seed; the workers derive theirs from it."""
    set_random_seed(0)
    loader = DataLoader(dataset, batch_size=None, num_workers=workers)
    return [(sample["inputs"], sample["data_samples"].gt_img) for sample in loader]


@pytest.mark.parametrize("workers", [0, 2])
def test_folder_and_lmdbs_of_each_encoding_give_the_same_samples(gopro, workers):
    folder = samples(GoProDataset(gopro / "folder", "train", "linear", pipeline=PIPELINE), workers)
    for encoding in ENCODINGS:
        train = gopro / encoding / "train"
        assert LMDBStore(train / "blur.lmdb").encoding == encoding
        for dataset in (
            GoProDataset(gopro / encoding, "train", "linear", pipeline=PIPELINE),
            PairedImageDataset(train / "blur.lmdb", train / "sharp.lmdb", "GoPro", pipeline=PIPELINE),
        ):
            for sample, expected in zip(samples(dataset, workers), folder, strict=True):
                assert torch.equal(sample[0], expected[0])
                assert torch.equal(sample[1], expected[1])
    assert not torch.equal(folder[0][0], folder[1][0])
