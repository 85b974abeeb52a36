"""Networks of other papers; all but the first tests need spandrel (docs/peers.md)."""

import sys

import pytest
import torch
from torch import nn

from fcn_plugin.errors import InputError
from fcn_plugin.models import MultiStageRatioLoss, RMSELoss, SpandrelArch

from ..conftest import TINY_PEERS

PEERS = list(TINY_PEERS)

needs_spandrel = pytest.mark.usefixtures("spandrel")


def tiny(arch, **options):
    torch.manual_seed(0)
    return SpandrelArch(arch, **{**TINY_PEERS[arch], **options})


def randomised(network):
    """NAFNet starts at the identity; random weights show what its layers do."""
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.1)
    return network


def test_without_spandrel_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "spandrel", None)
    with pytest.raises(InputError, match=r"run `pip install spandrel spandrel_extra_arches`"):
        SpandrelArch("NAFNet")


@needs_spandrel
@pytest.mark.parametrize("arch", PEERS)
def test_initial_weights_are_the_architectures_own(arch):
    ours = tiny(arch)
    torch.manual_seed(0)
    theirs = type(ours.network)(**TINY_PEERS[arch])
    assert type(theirs).__module__.startswith("spandrel")
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(tensor, ours.network.state_dict()[name]), name


@needs_spandrel
@pytest.mark.parametrize("arch", PEERS)
@pytest.mark.parametrize("size", [(1, 1), (2, 9), (17, 31)])
def test_any_size(arch, size):
    network = tiny(arch).eval()
    images = torch.rand(2, 3, *size)
    restored = network(images)
    assert restored.shape == images.shape
    assert restored.isfinite().all()


@needs_spandrel
@pytest.mark.parametrize(("arch", "predictions"), [("NAFNet", 1), ("Restormer", 1), ("MPRNet", 3)])
def test_the_answer_comes_last_and_every_weight_gets_a_gradient(arch, predictions):
    network = randomised(tiny(arch))
    images, sharp = torch.rand(2, 3, 19, 16), torch.rand(2, 3, 19, 16)
    outputs = network(images)
    stages = outputs if predictions > 1 else [outputs]
    assert [stage.shape for stage in stages] == [images.shape] * predictions
    torch.testing.assert_close(stages[-1], network.eval()(images))

    loss = RMSELoss() if predictions == 1 else MultiStageRatioLoss(stages=predictions)
    loss(outputs, sharp).backward()
    # Distributed training stops at a parameter that no prediction depends on.
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []


@needs_spandrel
@pytest.mark.parametrize("arch", PEERS)
@pytest.mark.parametrize("published", ["params", "state_dict"])
def test_published_weights_load_without_a_word_on_the_network(arch, published, tmp_path):
    """BasicSR's format, of NAFNet and Restormer, and that of MPRNet, saved under DataParallel."""
    trained = randomised(tiny(arch)).eval()
    prefix = "module." if published == "state_dict" else ""
    weights = {prefix + name: tensor for name, tensor in trained.network.state_dict().items()}
    torch.save({published: weights}, tmp_path / "weights.pth")
    images = torch.rand(1, 3, 16, 24)
    for options in ({}, TINY_PEERS[arch]):
        loaded = SpandrelArch(arch, weights=tmp_path / "weights.pth", **options).eval()
        assert torch.equal(loaded(images), trained(images))
        assert loaded.size_requirements == trained.size_requirements


@needs_spandrel
def test_weights_that_do_not_fit_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"params": tiny("NAFNet").network.state_dict()}, path)
    with pytest.raises(InputError, match=r"weights\.pth: these weights of NAFNet do not fit the network's"):
        tiny("NAFNet", weights=path, width=6)
    with pytest.raises(InputError, match=r"weights\.pth: holds no weights of Restormer"):
        SpandrelArch("Restormer", weights=path)
    with pytest.raises(InputError, match=r"none\.pth: there is no such file"):
        SpandrelArch("NAFNet", weights=tmp_path / "none.pth")


@needs_spandrel
def test_mistakes_are_named():
    with pytest.raises(InputError, match=r"no architecture 'NafNet'; did you mean 'NAFNet'\?"):
        SpandrelArch("NafNet")
    with pytest.raises(InputError, match=r"KBNet stands for KBNet_l and KBNet_s"):
        SpandrelArch("KBNet")
    with pytest.raises(TypeError, match="unexpected keyword argument 'depth'"):
        SpandrelArch("NAFNet", depth=3)
