"""From a training with averaged weights to a weights file that restores."""

import subprocess
import sys

import torch
from mmengine.runner import Runner

from fcn_plugin import Deblurrer
from fcn_plugin.inference.weights_file import read_weights
from fcn_plugin.models import FCN

from ..conftest import PROJECT


def export(*words) -> subprocess.CompletedProcess:
    command = [sys.executable, str(PROJECT / "tools" / "export_weights.py"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_checkpoint_becomes_a_weights_file(tiny_config, tmp_path):
    tiny_config.default_hooks.ema = {"type": "EMAHook"}
    tiny_config.train_cfg.max_epochs = 1
    runner = Runner.from_cfg(tiny_config)
    runner.train()
    (ema,) = (hook for hook in runner.hooks if type(hook).__name__ == "EMAHook")
    averaged = ema.ema_model.module.network.state_dict()
    assert not torch.equal(
        averaged["global_feature_catchers.0.shallow.weight"],
        runner.model.network.global_feature_catchers[0].shallow.weight,
    )

    checkpoint, path = tmp_path / "work" / "epoch_1.pth", tmp_path / "tiny.safetensors"
    result = export(checkpoint, path, "--dtype", "float16", "--facts", "PSNR=30.1", "note=a=b")
    assert result.returncode == 0, result.stderr
    weights = read_weights(path)
    for name, tensor in weights.network.state_dict().items():
        assert torch.equal(tensor, averaged[name].half().float()), name
    assert f"sha256       {weights.sha256}" in result.stdout
    assert weights.metadata["training"] == {
        "config": "fcn_demo",
        "crop_size": [16, 16],
        "epochs": 1,
        "iterations": 4,
        "seed": 0,
        "dataset": {"dataset": "demo", "blur": "synthetic"},
    }
    assert weights.metadata["source"]["file"] == "epoch_1.pth"
    assert (weights.metadata["PSNR"], weights.metadata["note"]) == ("30.1", "a=b")
    assert read_weights(checkpoint).metadata["network"] == weights.metadata["network"]
    assert Deblurrer(path, device="cpu").description["sha256"] == weights.sha256


def test_a_config_fills_in_what_a_file_does_not_say(tmp_path, tiny_config):
    network = tiny_config.model.network.copy()
    network.pop("type")
    plain, path = tmp_path / "plain.pth", tmp_path / "whole.pth"
    torch.save(FCN(**network).state_dict(), plain)
    assert read_weights(plain).crop_size is None
    result = export(plain, path, "--config", "configs/fcn_demo.py")
    assert result.stdout.endswith("crops of 72×72\n"), result.stderr


def test_what_cannot_be_exported_is_said_in_a_sentence(tmp_path):
    checkpoint = tmp_path / "readme.md"
    checkpoint.write_text("no weights")
    result = export(checkpoint, tmp_path / "weights.pth")
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {checkpoint}: ")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "weights.pth").exists()
