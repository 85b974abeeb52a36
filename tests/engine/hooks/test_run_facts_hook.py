import pytest
from torch.utils.data import ConcatDataset, DataLoader

from fcn_plugin.datasets import GoProDataset, PairedImageDataset
from fcn_plugin.engine.hooks.run_facts_hook import dataset_facts

from ...conftest import write_pairs


@pytest.fixture
def pairs_of(tmp_path):
    """Opens two pairs as a dataset of this name, with facts."""
    write_pairs(tmp_path, 2)
    return lambda name, facts=None: PairedImageDataset(tmp_path / "blur", tmp_path / "sharp", name, facts)


def test_every_dataset_says_its_kind_of_blur_or_that_nobody_does(pairs_of, tmp_path):
    write_pairs(tmp_path / "test/GOPR0384_11_00", 1)
    datasets = [
        pairs_of("mine"),
        pairs_of("demo", {"blur": "synthetic"}),
        GoProDataset(tmp_path, "test", "linear", storage="folder"),
    ]
    assert dataset_facts(DataLoader(ConcatDataset(datasets))) == [
        "dataset=mine, blur=not stated, 2 pairs",
        "dataset=demo, blur=synthetic, 2 pairs",
        "dataset=GoPro, split=test, blur=linear, storage=folder, 1 pairs",
    ]
