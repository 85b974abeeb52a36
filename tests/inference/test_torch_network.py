import pytest
import torch

from fcn_plugin.inference.torch_network import TorchNetwork


@pytest.mark.parametrize(("capability", "dtype"), [((7, 5), torch.float16), ((8, 0), torch.bfloat16)])
def test_bfloat16_is_for_gpus_that_have_it(monkeypatch, network, capability, dtype):
    """The first is a T4, which emulates it."""

    def is_bf16_supported(including_emulation: bool = True) -> bool:
        return including_emulation or capability >= (8, 0)

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_bf16_supported)
    assert TorchNetwork(network, (256, 256)).fastest_dtype(torch.device("cuda")) == dtype
