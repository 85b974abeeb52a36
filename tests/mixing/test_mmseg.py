"""EFEM as a plugin of MMSegmentation's ResNet, learning which pixels of photographs are bright."""

import cv2
import pytest

from .conftest import DEMO, needs, train

pytestmark = needs("mmseg")


@pytest.fixture
def bright_or_dark(tmp_path):
    """The demo's photographs in ADE20K's layout, each with the two classes of Otsu's threshold."""
    for split, name in (("train", "training"), ("test", "validation")):
        images, labels = (tmp_path / kind / name for kind in ("images", "annotations"))
        images.mkdir(parents=True)
        labels.mkdir(parents=True)
        for path in (DEMO / split / "sharp").iterdir():
            image = cv2.imread(str(path))
            grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
            _, label = cv2.threshold(grey, 0, 1, cv2.THRESH_OTSU)
            cv2.imwrite(str(images / f"{path.stem}.jpg"), image)
            cv2.imwrite(str(labels / f"{path.stem}.png"), label + 1)  # 0 means unlabelled
    return tmp_path


def test_training_and_validation(bright_or_dark, tmp_path):
    trained = train(
        "mmseg_pspnet_plugins",
        tmp_path / "work",
        "--cfg-options",
        "train_cfg.max_iters=4",
        "train_cfg.val_interval=4",
        "default_hooks.checkpoint.interval=4",
        "default_hooks.logger.interval=1",
        *(
            f"{phase}_dataloader.{option}"
            for phase in ("train", "val", "test")
            for option in (f"dataset.data_root={bright_or_dark}", "num_workers=0", "persistent_workers=False")
        ),
        "model.data_preprocessor.size=(64,64)",
        "train_dataloader.batch_size=2",
        "train_dataloader.dataset.pipeline.2.scale=(128,64)",
        "train_dataloader.dataset.pipeline.3.crop_size=(64,64)",
        "val_dataloader.dataset.pipeline.1.scale=(128,64)",
    )
    trained.check("mIoU")
    trained.check_efem_learned("iter_4.pth", "backbone.layer2.0.efem.gate.0.weight")
