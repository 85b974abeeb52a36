"""The examples in MMagic, trained and validated on real pairs by the commands of ``docs/mixing.md``."""

import json
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import Runner

from fcn_plugin.evaluation import psnr, ssim

from ..conftest import PROJECT
from .conftest import DEMO, Trained, needs, train

pytestmark = needs("mmagic")

FOUR_ITERATIONS = (
    "train_cfg.max_iters=4",
    "train_cfg.val_interval=2",
    "default_hooks.checkpoint.interval=2",
    "default_hooks.logger.interval=1",
)
CROP = "train_dataloader.dataset.pipeline.6.gt_patch_size=32"


def read_rgb(path) -> torch.Tensor:
    """An image file as uint8 RGB (3, H, W)."""
    return torch.from_numpy(cv2.imread(str(path))[..., ::-1].transpose(2, 0, 1).copy())


def demo_images(kind: str) -> list[torch.Tensor]:
    """The demo's test images, ``"blur"`` or ``"sharp"``, in the order of their names."""
    return [read_rgb(path) for path in sorted((DEMO / "test" / kind).iterdir())]


TINY_FCN = (CROP, "model.generator.width=4", "model.generator.pyramid_widths=4,6,8")


@pytest.fixture(scope="module")
def fcn(tmp_path_factory) -> Trained:
    work_dir = tmp_path_factory.mktemp("fcn") / "work"
    return train("mmagic_nafnet_to_fcn", work_dir, "--cfg-options", *FOUR_ITERATIONS, *TINY_FCN)


def test_fcn_in_the_nafnet_config(fcn):
    fcn.check("PSNR", "SSIM", "MAE")
    assert len(fcn.scores) == 2
    before, after = fcn.weights("iter_2.pth"), fcn.weights("iter_4.pth")
    assert "pixel_loss.ratio_logits" in before
    for name, tensor in before.items():
        if name.startswith(("generator.", "pixel_loss.")):
            assert not torch.equal(tensor, after[name]), f"{name} was not trained"


def test_training_resumes_on_todays_torch(fcn, tmp_path):
    checkpoint = str(fcn.work_dir / "iter_2.pth")
    options = ("--resume", checkpoint, "--cfg-options", *FOUR_ITERATIONS, *TINY_FCN)
    resumed = train("mmagic_nafnet_to_fcn", tmp_path / "work", *options)
    assert len(resumed.losses) == 2


def test_our_data_metrics_and_hooks_around_mmagics_network(tmp_path, gopro):
    work = tmp_path / "work"
    roots = (f"{loader}_dataloader.dataset.data_root={gopro}" for loader in ("train", "val", "test"))
    trained = train("mmagic_with_our_data", work, "--test", "--cfg-options", *FOUR_ITERATIONS, *roots)
    trained.check("GoPro/PSNR", "GoPro/SSIM-matlab", "GoPro/SSIM-per-channel")

    results = json.loads((work / "results.json").read_text())
    blurry, sharp = demo_images("blur"), demo_images("sharp")
    expected = np.mean([psnr(*pair).item() for pair in zip(blurry, sharp, strict=True)])
    assert results["metrics"]["GoPro/PSNR-blurry"] == pytest.approx(expected, abs=1e-4)
    # MMagic's scaling and order of channels are understood: a few steps from the start, its network still
    # gives its input within a few grey levels, and no more than that.
    assert results["metrics"]["GoPro/PSNR"] == pytest.approx(expected, abs=8)

    picture = read_rgb(next((work / "comparisons" / "test" / "GoPro").rglob("*astronaut-100-014-020.png")))
    height, width = blurry[0].shape[1:]
    assert torch.equal(picture[:, -height:, :width], blurry[0])
    assert torch.equal(picture[:, -height:, -width:], sharp[0])


def test_single_blocks_in_nafnet(tmp_path):
    trained = train(
        "mmagic_nafnet_with_blocks", tmp_path / "work", "--cfg-options", *FOUR_ITERATIONS, CROP, "width=4"
    )
    trained.check("PSNR", "SSIM", "MAE")
    before, after = trained.weights("iter_2.pth"), trained.weights("iter_4.pth")
    blocks = {name for name in before if name.startswith("generator.blocks.")}
    places = {name.removeprefix("generator.blocks.").partition(".")[0] for name in blocks}
    assert places == {"intro", "encoders/0", "middle_blks", "decoders/1"}
    for name in blocks:
        assert not torch.equal(before[name], after[name]), f"{name} was not trained"


@pytest.mark.usefixtures("_toolboxes_import")
def test_mmagic_sees_rgb_and_scores_as_we_do(tmp_path):
    """An untrained FCN gives its input, so MMagic's scores of it are ours of the blurry images.

    MMagic reads BGR for training and RGB for validation; the network gets RGB both times.
    """
    config = Config.fromfile(PROJECT / "configs" / "mixing" / "mmagic_nafnet_to_fcn.py")
    config.merge_from_dict({"work_dir": str(tmp_path), "default_hooks.checkpoint": None, "custom_hooks": []})
    runner = Runner.from_cfg(config)
    runner.val()
    blurry, sharp = demo_images("blur"), demo_images("sharp")
    psnr_ours = np.mean([psnr(*pair).item() for pair in zip(blurry, sharp, strict=True)])
    ssim_ours = np.mean([ssim(*pair, "per-channel").item() for pair in zip(blurry, sharp, strict=True)])
    scores = runner.message_hub
    assert scores.get_scalar("val/PSNR").current() == pytest.approx(psnr_ours, abs=1e-4)
    assert scores.get_scalar("val/SSIM").current() == pytest.approx(ssim_ours, abs=1e-5)

    training = runner.build_dataloader(runner.cfg.train_dataloader).dataset
    training.pipeline.transforms = [
        step
        for step in training.pipeline.transforms
        if type(step).__name__ in ("LoadImageFromFile", "PackInputs")
    ]
    for dataset, is_training in ((training, True), (runner.val_loop.dataloaders[0].dataset, False)):
        sample = dataset[0]
        path = sample["data_samples"].img_path
        batch = {name: [value] for name, value in sample.items()}
        inputs = runner.model.data_preprocessor(batch, training=is_training)["inputs"]
        torch.testing.assert_close(inputs[0], read_rgb(path) / 255)


@pytest.mark.usefixtures("_toolboxes_import")
def test_the_readmes_lines_build_and_run():
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    lines = re.search(r"^## Find your way$.*?^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)[1]
    configs = {}
    exec(lines, configs)
    with DefaultScope.overwrite_default_scope("mmagic"):
        assert type(MODELS.build(configs["model"])).__name__ == "FCN"
        assert type(MODELS.build(configs["block"])).__name__ == "EFEM"
        network = MODELS.build(configs["network"])
    image = torch.rand(1, 3, 16, 24)
    assert network(image).shape == image.shape


def test_scope_alone_finds_everything_and_nothing_is_found_without():
    program = (
        "from compatibility import let_toolboxes_import; let_toolboxes_import()\n"
        "from mmengine.registry import DefaultScope\n"
        "from mmagic import registry\n"
        "DefaultScope.get_instance('mixing', scope_name='mmagic')\n"
        "small = dict(width=2, pyramid_widths=(2, 2, 2))\n"
        "assert registry.MODELS.build(dict(type='fcn_plugin.FCN', **small)).training\n"
        "for kind, name in dict(MODELS='EFEM', DATASETS='GoProDataset', TRANSFORMS='PairedRandomCrop',\n"
        "                       METRICS='SSIM', HOOKS='BestCheckpointHook').items():\n"
        "    assert getattr(registry, kind).get('fcn_plugin.' + name) is not None, name\n"
        "try: registry.MODELS.build(dict(type='FCN', **small))\n"
        "except KeyError: print('no FCN without its scope')\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", program]
    result = subprocess.run(command, cwd=PROJECT / "tools" / "mixing", capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "no FCN without its scope"
