"""The configs: what they say is the paper's recipe, and each one trains and tests on a small tree."""

import json
import re
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner.utils import calc_dynamic_intervals

from fcn_plugin.engine.launch import load_config, test, train
from fcn_plugin.models import SpandrelArch
from fcn_plugin.registry import DATASETS, HOOKS, METRICS, MODELS

from .conftest import PROJECT, TINY_PEERS

test.__test__ = False  # pytest takes the function for a test of its own

CONFIGS = sorted(path.name for path in (PROJECT / "configs").glob("*.py"))
PEERS = sorted(path.name for path in (PROJECT / "configs" / "peers").glob("*.py"))
TINY_FCN = {"width": 4, "pyramid_widths": [4, 6, 8]}
SEQUENCES = {"train": ["GOPR0372_07_00", "GOPR0378_13_00", "GOPR0884_11_00"], "test": ["GOPR0384_11_00"]}


@pytest.fixture
def datasets(tmp_path, monkeypatch):
    """The folder of GoPro, HIDE, REDS and photographs, in layouts they are known by; images of 40×48."""
    generator = np.random.default_rng(0)

    def write(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), generator.integers(0, 256, (40, 48, 3), np.uint8))

    for split, sequences in SEQUENCES.items():
        for sequence in sequences:
            for kind in ("blur", "sharp"):
                for frame in ("000001.png", "000002.png"):
                    write(tmp_path / "GoPro" / split / sequence / kind / frame)
    for kind in ("blur", "sharp"):
        for frame in ("00000000.png", "00000001.png"):
            write(tmp_path / "REDS" / "train" / "000" / kind / frame)
    for number in range(4):
        write(tmp_path / "photographs" / f"{number}.png")
    for subset, name in (("test-close-ups", "1.png"), ("test-long-shot", "2.png")):
        write(tmp_path / "HIDE" / "test" / subset / name)
        write(tmp_path / "HIDE" / "GT" / name)
    # The working directory, for short paths: MMEngine is slow to format a config with long ones deep inside.
    monkeypatch.chdir(tmp_path)
    return Path()


def small(datasets: Path, network: dict = TINY_FCN) -> dict:
    return small_whatever_is_trained_on(datasets, network) | {
        "train_dataloader.dataset.data_root": str(datasets / "GoPro"),
        "train_dataloader.dataset.pipeline.0.size": 16,
    }


def small_photographs(datasets: Path, dataset: str, **options) -> dict:
    """Overrides of the dataset that blurs photographs, which is named ``dataset`` in the config."""
    options = {"size": 16, "shake": {"reach": 6}, **options}
    return {
        f"{dataset}.dataset.source": str(datasets / "photographs"),
        **{f"{dataset}.dataset.pipeline.0.{name}": value for name, value in options.items()},
    }


def small_whatever_is_trained_on(datasets: Path, network: dict = TINY_FCN) -> dict:
    return {
        **{f"model.network.{option}": value for option, value in network.items()},
        "train_dataloader.batch_size": 2,
        "train_dataloader.num_workers": 0,
        "val_dataloader.num_workers": 0,
        "val_dataloader.dataset.data_root": str(datasets / "GoPro"),
        "test_dataloader.num_workers": 0,
        "test_dataloader.dataset.datasets.0.data_root": str(datasets / "GoPro"),
        "test_dataloader.dataset.datasets.1.data_root": str(datasets / "HIDE"),
        "train_cfg.max_epochs": 1,
        "train_cfg.val_interval": 1,
        "train_cfg.dynamic_intervals": None,
    }


@pytest.mark.parametrize("name", [name for name in CONFIGS if "gopro" in name])
def test_gopro_configs_train_and_test_on_both_sets(name, datasets, tmp_path):
    train_and_test(load_config(f"configs/{name}", small(datasets), str(tmp_path / "work")))


@pytest.mark.parametrize("render", [True, False])
def test_training_on_photographs_goes_on_as_if_it_had_not_stopped(render, datasets, tmp_path):
    """Blur and noise alike, made by a worker or by the data preprocessor."""
    options = small_whatever_is_trained_on(datasets) | {
        "train_dataloader.num_workers": 1,
        "train_dataloader.dataset.times": 1,
        "train_cfg.max_epochs": 2,
        "train_cfg.val_interval": 2,
        "default_hooks.checkpoint.interval": 1,
        **small_photographs(
            datasets, "train_dataloader.dataset", render=render, sensor={"read_noise": [0.01, 0.02]}
        ),
    }
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    train(load_config("configs/fcn_photos.py", options, str(whole)))
    train(load_config("configs/fcn_photos.py", options, str(resumed)), resume=str(whole / "epoch_1.pth"))
    first, *both = (
        torch.load(path, weights_only=True)["state_dict"]
        for path in (whole / "epoch_1.pth", whole / "epoch_2.pth", resumed / "epoch_2.pth")
    )
    for name, tensor in both[0].items():
        assert torch.equal(tensor, both[1][name]), name
    assert any(not torch.equal(tensor, first[name]) for name, tensor in both[0].items())


@pytest.mark.parametrize("render", [True, False])
def test_datasets_are_mixed_by_their_weights(render, datasets, tmp_path):
    training = "train_dataloader.dataset.datasets"
    options = small_whatever_is_trained_on(datasets) | {
        f"{training}.0.times": 1,
        f"{training}.0.dataset.data_root": str(datasets / "GoPro"),
        f"{training}.0.dataset.pipeline.0.size": 16,
        f"{training}.1.times": 3,
        f"{training}.1.dataset.data_root": str(datasets / "REDS"),
        f"{training}.1.dataset.pipeline.0.size": 16,
        f"{training}.2.times": 2,
        **small_photographs(datasets, f"{training}.2", render=render),
    }
    config = load_config("configs/fcn_mixed.py", options, str(tmp_path / "work"))
    with DefaultScope.overwrite_default_scope("fcn_plugin"):
        dataset = DATASETS.build(config.train_dataloader.dataset)
    names = [dataset[index]["data_samples"].dataset for index in range(len(dataset))]
    assert Counter(names) == {"GoPro": 6, "REDS": 3 * 2, "photographs": 2 * 4}
    train_and_test(config)
    log = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("work/*/*.log"))
    assert "PairedRandomCrop 16×16 → PairedRandomFlip → PairedRandomRotate90 → PackPair and Synthes" in log


@pytest.mark.usefixtures("spandrel")
@pytest.mark.parametrize(
    ("name", "arch"), [("nafnet32", "NAFNet"), ("restormer", "Restormer"), ("mprnet", "MPRNet")]
)
def test_peers_train_and_test_on_both_sets(name, arch, datasets, tmp_path):
    options = small(datasets, TINY_PEERS[arch])
    train_and_test(load_config(f"configs/peers/{name}_gopro.py", options, str(tmp_path / "work")))


@pytest.mark.usefixtures("spandrel")
def test_published_weights_of_a_peer_are_tested_without_a_checkpoint_of_ours(datasets, tmp_path):
    torch.save(
        {"params": SpandrelArch("NAFNet", **TINY_PEERS["NAFNet"]).network.state_dict()}, tmp_path / "w.pth"
    )
    options = {**small(datasets, TINY_PEERS["NAFNet"]), "model.network.weights": str(tmp_path / "w.pth")}
    test(load_config("configs/peers/nafnet32_gopro.py", options, str(tmp_path / "work")), None)
    results = json.loads((tmp_path / "work" / "results.json").read_text())
    assert results["checkpoint"] == "w.pth"
    # NAFNet's initial weights leave images as they are, but for what its last convolution adds.
    assert results["metrics"]["HIDE/PSNR"] == pytest.approx(results["metrics"]["HIDE/PSNR-blurry"], abs=1)


def train_and_test(config: Config) -> None:
    train(config, test_best=True)
    metrics = json.loads(Path(config.work_dir, "results.json").read_text())["metrics"]
    scores = {"PSNR", "SSIM-matlab", "SSIM-per-channel"}
    assert metrics.keys() == {
        f"{dataset}/{score}{suffix}"
        for dataset in ("GoPro", "HIDE")
        for score in scores
        for suffix in ("", "-blurry")
    }


def test_switches_of_the_readme(datasets, tmp_path):
    """Every switch at once, on the recipe itself."""
    switches = {
        "default_hooks.ema.type": "EMAHook",
        "optim_wrapper.clip_grad.max_norm": 0.1,
        "default_hooks.comparison.images": 1,
        "default_hooks.logger.interval": 1,
        "visualizer.vis_backends": [{"type": "LocalVisBackend"}, {"type": "TensorboardVisBackend"}],
    }
    work = tmp_path / "work"
    train(load_config("configs/fcn_gopro.py", small(datasets) | switches, str(work)))
    checkpoint = torch.load(work / "epoch_1.pth", weights_only=True)
    assert "ema_state_dict" in checkpoint
    assert "train/grad_norm" in checkpoint["message_hub"]["log_scalars"]
    assert len(list(work.glob("comparisons/val/GoPro/**/*.png"))) == 1
    assert list(work.glob("*/vis_data/events.out.tfevents*"))


def test_held_out_sequences_are_validated_on_and_not_trained_on(datasets):
    config = load_config("configs/fcn_gopro_heldout.py", small(datasets))
    with DefaultScope.overwrite_default_scope("fcn_plugin"):
        trained, validated = (
            DATASETS.build(config[loader].dataset) for loader in ("train_dataloader", "val_dataloader")
        )
    assert {key.split("/")[0] for key in trained.keys()} == {"GOPR0372_07_00"}  # noqa: SIM118
    assert {key.split("/")[0] for key in validated.keys()} == {"GOPR0378_13_00", "GOPR0884_11_00"}  # noqa: SIM118


@pytest.mark.parametrize("name", PEERS)
def test_peers_differ_from_fcn_in_nothing_but_the_model(name):
    peer = Config.fromfile(PROJECT / "configs" / "peers" / name).to_dict()
    ours = Config.fromfile(PROJECT / "configs" / "fcn_gopro.py").to_dict()
    assert peer["model"]["loss"].get("criterion", "rmse") == ours["model"]["loss"]["criterion"]
    assert peer.pop("model")["network"]["type"] == "SpandrelArch"
    assert ours.pop("model")["network"]["type"] == "FCN"
    assert without_folders(peer) == without_folders(ours)


def without_folders(config: dict) -> str:
    """What a config says, less the places that it looks for data at, which follow its own."""
    return re.sub(r"'[^']*/data\b", "'data", repr(config))


@pytest.mark.usefixtures("spandrel")
@pytest.mark.parametrize(
    ("name", "millions"), [("mprnet", 20.1), ("nafnet32", 17.1), ("nafnet64", 67.9), ("restormer", 26.1)]
)
def test_peers_have_the_sizes_that_their_papers_report(name, millions):
    config = Config.fromfile(PROJECT / "configs" / "peers" / f"{name}_gopro.py")
    with DefaultScope.overwrite_default_scope("fcn_plugin"), torch.device("meta"):
        network = MODELS.build(config.model.network)
    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(
        millions * 1e6, abs=5e4
    )


def test_recipe_is_the_papers():
    config = load_config("configs/fcn_gopro.py")
    assert config.optim_wrapper.optimizer == {"type": "Adam", "lr": 2e-4}
    assert config.param_scheduler == {"type": "MultiStepLR", "milestones": [200, 400], "gamma": 0.5}
    assert config.train_dataloader.dataset.pipeline[0] == {"type": "PairedRandomCrop", "size": 256}
    milestones, intervals = calc_dynamic_intervals(
        config.train_cfg.val_interval, config.train_cfg.dynamic_intervals
    )
    validated = [
        epoch
        for epoch in range(1, config.train_cfg.max_epochs + 1)
        if epoch % intervals[sum(milestone <= epoch for milestone in milestones) - 1] == 0
    ]
    assert validated == [*range(50, 301, 50), *range(315, 601, 15)]


@pytest.mark.parametrize(("processes", "batch"), [(None, 16), ("1", 16), ("8", 2), ("32", 1)])
def test_total_batch_is_16_whatever_the_number_of_processes(processes, batch, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    if processes is not None:
        monkeypatch.setenv("WORLD_SIZE", processes)
    config = load_config("configs/fcn_gopro.py")
    assert config.train_dataloader.batch_size == batch
    assert config.auto_scale_lr == {"enable": True, "base_batch_size": 16}


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_builds_all_it_names(name):
    config = Config.fromfile(PROJECT / "configs" / name)
    with DefaultScope.overwrite_default_scope("fcn_plugin"):
        with torch.device("meta"):
            MODELS.build(config.model)
        for hook in config.default_hooks.values():
            HOOKS.build(hook)
        for metric in [*config.val_evaluator, *config.test_evaluator]:
            METRICS.build(metric)


def test_datasets_are_looked_for_in_the_checkout_whatever_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = Path(load_config("configs/fcn_gopro.py").train_dataloader.dataset.data_root)
    assert root.resolve() == PROJECT / "data" / "GoPro"
