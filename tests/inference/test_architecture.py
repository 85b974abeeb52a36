import pytest
import torch

from fcn_plugin.errors import InputError
from fcn_plugin.inference.architecture import build_network, complete_options, infer_options
from fcn_plugin.models import FCN

from .conftest import random_fcn


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"width": 6, "pyramid_widths": (2, 4)},
        {"stages": 1},
        {"stages": 2},
        {"stages": 3, "efem": False},
        {"processing_block": {"stacks": 3}, "encoder_decoder": {"stacks": 1}},
        {"processing_block": False},
        {"msam": False, "rim": False},
        {"efem": {"reduction": 3}, "msam": {"processing_block": False}},
        {"rim": {"processing_block": {"stacks": 1}}},
        {"image_channels": 1},
        {"unshuffle": 2},
        {"unshuffle": 4, "rim": False},
    ],
    ids=str,
)
def test_shapes_tell_the_options(options):
    network = random_fcn(**options)
    state_dict = network.state_dict()
    inferred = complete_options(infer_options(state_dict), {})
    again = build_network(state_dict, inferred)
    assert {name: tensor.shape for name, tensor in state_dict.items()} == {
        name: tensor.shape for name, tensor in again.state_dict().items()
    }
    assert again.grids == network.grids
    assert again.multiple_of == network.multiple_of
    assert not again.training


def test_the_papers_network_is_recognised():
    network = FCN()
    inferred = infer_options(network.state_dict())
    assert (inferred["width"], inferred["stages"], inferred["pyramid_widths"]) == (96, 4, [96, 192, 392])


@pytest.mark.parametrize("grids", [[[1, 1]], [[0, 1]] * 4, [[1, 10**9]] * 4, [["2", 4]] * 4, 7, [[2, 2]] * 4])
def test_grids_that_cannot_be_are_refused(grids):
    state_dict = random_fcn().state_dict()
    with pytest.raises(InputError):
        build_network(state_dict, complete_options(infer_options(state_dict), {"grids": grids}))


@pytest.mark.parametrize("shape", [(), (4,), (9, 4, 1, 1), (10**9, 0, 3, 3)])
@pytest.mark.parametrize(
    "name",
    [
        "global_feature_catchers.0.shallow.weight",
        "local_feature_catcher.stages.0.0.module.gate.1.weight",
        "local_feature_catcher.stages.3.0.rim.laterals.0.weight",
        "local_feature_catcher.stages.3.0.encoder_decoder.encoders.0.0.stacks.0.0.weight",
    ],
)
def test_shapes_that_cannot_be_are_refused(name, shape):
    state_dict = random_fcn().state_dict()
    assert name in state_dict
    state_dict[name] = torch.zeros(shape)
    with pytest.raises(InputError):
        build_network(state_dict, complete_options(infer_options(state_dict), {}))


@pytest.mark.parametrize(
    "pattern",
    [
        "global_feature_catchers.{}.shallow.weight",
        "global_feature_catchers.0.processing_block.stacks.{}.0.weight",
        "local_feature_catcher.stages.3.0.rim.laterals.{}.weight",
    ],
)
def test_networks_of_very_many_parts_are_not_built(pattern):
    state_dict = random_fcn().state_dict()
    state_dict |= {pattern.format(number): torch.zeros(1, 1, 1, 1) for number in range(100)}
    with pytest.raises(InputError, match=r"describes a network of more than 32 .*weight, too many"):
        infer_options(state_dict)


def test_weights_of_something_like_fcn_are_refused():
    state_dict = random_fcn().state_dict()
    del state_dict["local_feature_catcher.stages.1.0.attention.weight"]
    with pytest.raises(InputError, match=r"1 tensors are missing, unknown or .*attention\.weight"):
        build_network(state_dict, complete_options(infer_options(state_dict), {}))


def test_networks_too_coarse_for_tiles_are_refused():
    network = random_fcn(unshuffle=32, pyramid_widths=(4,), rim=False)
    with pytest.raises(InputError, match="works at 1/32 of the resolution, which is too coarse for tiles"):
        build_network(network.state_dict(), complete_options(infer_options(network.state_dict()), {}))
