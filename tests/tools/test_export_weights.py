"""From a training with averaged weights to a weights file that restores."""

import re
import subprocess
import sys

import pytest
import torch
from mmengine.runner import Runner
from PIL import Image

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
        "datasets": [{"dataset": "demo", "blur": "synthetic"}],
    }
    assert weights.metadata["source"]["file"] == "epoch_1.pth"
    assert weights.metadata["facts"] == {"PSNR": "30.1", "note": "a=b"}
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


def photograph(folder):
    Image.new("RGB", (8, 8)).save(folder / "photo.jpg")
    return folder / "photo.jpg", folder / "weights.pth"


def unwritable(folder):
    torch.save(FCN(width=4, pyramid_widths=(4, 6)).state_dict(), folder / "plain.pth")
    return folder / "plain.pth", folder / "plain.pth" / "weights.pth"


@pytest.mark.parametrize(("words", "named"), [(photograph, 0), (unwritable, 1)])
def test_what_cannot_be_exported_is_said_in_a_sentence(tmp_path, words, named):
    words = words(tmp_path)
    result = export(*words)
    assert result.returncode == 1
    assert re.match(rf"error: {words[named]}(:| cannot be written)", result.stderr)
    assert len(result.stderr.splitlines()) == 1
    assert not words[1].exists()


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (["PSNR"], "argument --facts: is KEY=VALUE, not 'PSNR'"),
        (["=30"], "argument --facts: is KEY=VALUE, not '=30'"),
        (["PSNR=30", "PSNR=31"], "--facts names a KEY twice"),
    ],
)
def test_facts_are_keys_and_values(tmp_path, facts, sentence):
    result = export("weights.pth", tmp_path / "out.pth", "--facts", *facts)
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == f"export_weights.py: error: {sentence}"


def test_facts_stand_beside_what_the_file_says_itself(tmp_path):
    plain, path = tmp_path / "plain.pth", tmp_path / "weights.safetensors"
    torch.save(FCN(width=4, pyramid_widths=(4, 6)).state_dict(), plain)
    result = export(plain, path, "--facts", "network=another", "sha256=0")
    assert result.returncode == 0, result.stderr
    weights = read_weights(path)
    assert weights.metadata["network"]["width"] == 4
    assert weights.metadata["facts"] == {"network": "another", "sha256": "0"}
