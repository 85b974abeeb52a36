"""MMEngine's own ways of loading weights, given a safetensors file."""

import pytest
import torch
from mmengine.runner import load_checkpoint

from fcn_plugin.errors import InputError
from fcn_plugin.inference.weights_file import write_weights
from fcn_plugin.registry import MODELS

pytest.importorskip("safetensors")


def small_fcn(**options):
    return MODELS.build({"type": "FCN", "width": 4, "pyramid_widths": (4, 4, 4)} | options)


@pytest.fixture
def weights(tmp_path):
    network = small_fcn()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    write_weights(tmp_path / "weights.safetensors", network, {})
    return str(tmp_path / "weights.safetensors"), network.state_dict()


def test_init_cfg_and_load_checkpoint_read_safetensors(weights):
    path, expected = weights
    initialised = small_fcn(init_cfg={"type": "Pretrained", "checkpoint": path})
    initialised.init_weights()
    loaded = small_fcn()
    load_checkpoint(loaded, path, strict=True)
    for network in (initialised, loaded):
        state = network.state_dict()
        assert state.keys() == expected.keys()
        assert all(torch.equal(state[name], tensor) for name, tensor in expected.items())


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"\x10\0\0\0\0\0\0\0{no tensors")
    with pytest.raises(InputError, match=r"weights\.safetensors: damaged, or no safetensors file"):
        load_checkpoint(small_fcn(), str(path))
