import pytest
from mmengine.config import Config

from fcn_plugin.training_facts import training_facts

from .conftest import PROJECT


def facts_of(text, meta=None):
    return training_facts({"meta": meta or {}}, text)["training"]


def test_every_concatenated_dataset_is_named_with_its_blur():
    config = Config.fromfile(PROJECT / "configs" / "fcn_mixed.py")
    # MMEngine's checkpoints tell of the first dataset alone.
    known = {"dataset": "GoPro", "split": "train", "blur": "linear", "storage": "lmdb"}
    assert facts_of(config.pretty_text, {"dataset_meta": known})["datasets"] == [
        known,
        {"dataset": "REDS", "split": "train"},
        {"dataset": "photographs", "blur": "synthetic"},
    ]


def test_a_config_alone_tells_its_datasets():
    pairs = "dict(type='fcn_plugin.PairedImageDataset', name='pairs', facts=dict(blur='averaged frames'))"
    assert facts_of(f"train_dataloader = dict(dataset={pairs})")["datasets"] == [
        {"dataset": "pairs", "blur": "averaged frames"}
    ]


@pytest.mark.parametrize("loader", ["1", "dict()", "dict(dataset=dict(type=3))", "dict(dataset=[1, 'x'])"])
def test_of_configs_without_datasets_none_is_told(loader):
    assert "datasets" not in facts_of(f"train_dataloader = {loader}")
