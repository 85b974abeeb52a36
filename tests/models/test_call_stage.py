import copy

import torch

from fcn_plugin.models import FCN

from ..conftest import draw_zeros


def network(**options):
    torch.manual_seed(0)
    return draw_zeros(FCN(width=4, pyramid_widths=(4, 6, 8), **options))


def gradients_and_kept_bytes(network):
    kept = []

    def keep(tensor):
        kept.append(tensor.numel() * tensor.element_size())
        return tensor

    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = sum(prediction.square().mean() for prediction in network(image))
    loss.backward()
    return [parameter.grad for parameter in network.parameters()], sum(kept)


def test_checkpointing_gives_the_same_gradients_from_less_memory():
    plain, plain_bytes = gradients_and_kept_bytes(network())
    checkpointed, checkpointed_bytes = gradients_and_kept_bytes(network(activation_checkpointing=True))
    for a, b in zip(plain, checkpointed, strict=True):
        torch.testing.assert_close(a, b)
    assert checkpointed_bytes < plain_bytes / 4


def test_a_copy_computes_with_its_own_weights():
    original = network(activation_checkpointing=True)
    duplicate = copy.deepcopy(original)
    image = torch.rand(1, 3, 16, 16)
    before = duplicate(image)[-1]
    with torch.no_grad():
        for parameter in original.parameters():
            parameter.zero_()
    assert torch.equal(duplicate(image)[-1], before)
