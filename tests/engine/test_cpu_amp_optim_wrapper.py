import torch
from torch import nn

from fcn_plugin.registry import OPTIM_WRAPPERS


def test_convolutions_run_in_bfloat16_and_weights_stay_float32():
    layer = nn.Conv2d(3, 3, 1)
    wrapper = OPTIM_WRAPPERS.build(
        {"type": "CPUAmpOptimWrapper", "optimizer": torch.optim.Adam(layer.parameters(), lr=0.1)}
    )
    before = layer.weight.detach().clone()
    with wrapper.optim_context(layer):
        answer = layer(torch.rand(1, 3, 4, 4))
    assert answer.dtype == torch.bfloat16
    wrapper.update_params(answer.float().square().mean())
    assert layer.weight.dtype == torch.float32
    assert wrapper.optimizer.state[layer.weight]["exp_avg"].dtype == torch.float32
    assert not torch.equal(layer.weight, before)


def test_other_code_is_left_in_float32():
    layer = nn.Conv2d(3, 3, 1)
    wrapper = OPTIM_WRAPPERS.build(
        {"type": "CPUAmpOptimWrapper", "optimizer": torch.optim.Adam(layer.parameters())}
    )
    with wrapper.optim_context(layer):
        pass
    assert layer(torch.rand(1, 3, 4, 4)).dtype == torch.float32
