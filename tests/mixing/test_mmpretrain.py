"""The blocks in MMPreTrain's ResNet-50 config, telling blurry photographs from sharp ones."""

import pytest

from .conftest import needs, train

pytestmark = needs("mmpretrain")


@pytest.mark.parametrize(
    ("config", "norm"),
    [
        pytest.param("mmpretrain_resnet50_plugins", "layer2.0.efem.gate.0.weight", marks=needs("mmseg")),
        ("mmpretrain_resnet50_with_blocks", "blocks.layer1.gate.0.weight"),
    ],
)
def test_training_and_validation(config, norm, tmp_path):
    trained = train(
        config,
        tmp_path / "work",
        "--cfg-options",
        "train_cfg.max_epochs=1",
        "train_dataloader.batch_size=12",
        "train_dataloader.dataset.pipeline.1.scale=64",
        "val_dataloader.dataset.pipeline.1.scale=64",
        "val_dataloader.dataset.pipeline.2.crop_size=64",
    )
    trained.check("accuracy/top1")
    trained.check_efem_learned("epoch_1.pth", f"backbone.{norm}")
