"""What each box of Figs. 3 to 5 does, checked against the figure with plain tensor operations."""

import pytest
import torch
import torch.nn.functional as F

from fcn_plugin.models import (
    EFEM,
    MSAM,
    RIM,
    EncoderDecoder,
    PredictionHead,
    ProcessingBlock,
    QueryKeyMechanism,
)
from fcn_plugin.registry import MODELS

FEATURES = torch.randn(2, 8, 12, 16)
IMAGE = torch.rand(2, 3, 12, 16)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def _every_head_speaks(module):
    """Heads and RIM's laterals start at zero; give them weights so that what flows into them can be seen."""
    for part in module.modules():
        if isinstance(part, PredictionHead):
            torch.nn.init.normal_(part.residual.weight, std=0.1)
        if isinstance(part, RIM):
            for lateral in part.laterals:
                torch.nn.init.normal_(lateral.weight, std=0.1)


def test_processing_block_is_residual_stacks_of_conv_selu_conv():
    block = ProcessingBlock(8, stacks=2)
    assert len(block.stacks) == 2
    features = FEATURES
    for stack in block.stacks:
        first, _, second = stack
        features = features + second(F.selu(first(features)))
    torch.testing.assert_close(block(FEATURES), features)


def test_query_is_one_number_in_0_to_1_per_channel_and_patch():
    mechanism = QueryKeyMechanism(8)
    query = mechanism.query(FEATURES)
    assert query.shape == (2, 8, 1, 1)
    assert (query > 0).all()
    assert (query < 1).all()
    torch.testing.assert_close(mechanism(FEATURES, IMAGE), query * mechanism.key(IMAGE))


def test_each_patch_has_a_query_of_its_own():
    mechanism = QueryKeyMechanism(8)
    features = FEATURES.clone()
    before = mechanism(features, IMAGE)
    features[1] += 1
    after = mechanism(features, IMAGE)
    assert torch.equal(before[0], after[0])
    assert not torch.allclose(before[1], after[1])


def test_efem_normalises_over_channels_before_gating():
    block = EFEM(8)
    norm, narrow, widen, _ = block.gate
    normalised = (FEATURES - FEATURES.mean(1, keepdim=True)) / torch.sqrt(
        FEATURES.var(1, correction=0, keepdim=True) + norm.eps
    )
    assert narrow.weight.shape == (4, 8, 1, 1)
    torch.testing.assert_close(block(FEATURES), FEATURES * torch.sigmoid(widen(narrow(normalised))))


def test_prediction_head_starts_as_the_identity():
    assert torch.equal(PredictionHead(8)(FEATURES, IMAGE), IMAGE)


def test_msam_follows_figure_4b():
    block = MSAM(8)
    _every_head_speaks(block)
    previous = torch.randn_like(FEATURES)
    processed = block.processing_block(FEATURES + previous)
    features = processed + block.query_key(processed, IMAGE)
    prediction = IMAGE + block.prediction_head.residual(features)
    deep = block.refine(features) * torch.sigmoid(block.attention(prediction)) + features
    for got, wanted in zip(block(FEATURES, IMAGE, previous), (deep, prediction), strict=True):
        torch.testing.assert_close(got, wanted)


def test_msam_without_processing_block_is_smaller():
    assert isinstance(MSAM(8, processing_block=False).processing_block, torch.nn.Identity)
    assert len(MSAM(8, processing_block={"stacks": 3}).processing_block.stacks) == 3


def test_encoder_decoder_gives_three_levels_twice():
    encoded, decoded = EncoderDecoder(3, widths=(8, 12, 16))(IMAGE)
    shapes = [(2, 8, 12, 16), (2, 12, 6, 8), (2, 16, 3, 4)]
    assert [map_.shape for map_ in encoded] == shapes
    assert [map_.shape for map_ in decoded] == shapes


def test_no_level_of_the_encoder_decoder_drowns_another():
    pyramid = EncoderDecoder(3, widths=(8, 12, 16))
    with torch.no_grad():
        for block in pyramid.modules():
            if isinstance(block, ProcessingBlock):  # grown, as in training at a high rate
                for parameter in block.parameters():
                    parameter.mul_(20)
    encoded, decoded = pyramid(IMAGE)
    for features in (*encoded, *decoded):
        assert 0.5 < features.square().mean().sqrt() < 2
    pyramid.encoders[0].register_forward_hook(lambda _, __, output: output.flip(0))
    _, others = pyramid(IMAGE)
    assert (others[0] - decoded[0]).square().mean().sqrt() > 0.1  # the skip tells what it told


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("side", [0, 1])
def test_rim_listens_to_all_six_feature_maps(level, side):
    rim = RIM(8, pyramid_widths=(8, 12, 16))
    _every_head_speaks(rim)
    pyramid = EncoderDecoder(3, widths=(8, 12, 16))(IMAGE)
    _, before = rim(FEATURES, IMAGE, pyramid)
    pyramid[side][level] = pyramid[side][level] + torch.randn_like(pyramid[side][level])
    _, after = rim(FEATURES, IMAGE, pyramid)
    assert not torch.allclose(before, after)


@pytest.mark.parametrize("skips", ["every", "first"])
def test_rim_follows_figure_5(skips):
    rim = RIM(8, pyramid_widths=(8, 12), skips=skips)
    _every_head_speaks(rim)
    encoded, decoded = EncoderDecoder(3, widths=(8, 12))(IMAGE)
    raw = [rim.laterals[level](encoded[level] + decoded[level]) for level in (0, 1)]
    first, second = rim.processing_blocks
    processed = first(FEATURES)
    features = (processed if skips == "every" else FEATURES) + rim.query_keys[0](processed, IMAGE) + raw[0]
    processed = second(features)
    caught = rim.query_keys[1](processed, IMAGE)
    features = processed + caught if skips == "every" else caught
    features = features + F.interpolate(raw[1], (12, 16), mode="bilinear")
    wanted = IMAGE + rim.prediction_head.residual(features)
    torch.testing.assert_close(rim(FEATURES, IMAGE, (encoded, decoded))[1], wanted)


def test_rim_starts_without_the_raw_image():
    rim = RIM(8, pyramid_widths=(8, 12, 16))
    pyramid = EncoderDecoder(3, widths=(8, 12, 16))(IMAGE)
    features, _ = rim(FEATURES, IMAGE, pyramid)
    nothing = tuple([torch.zeros_like(x) for x in maps] for maps in pyramid)
    assert torch.equal(features, rim(FEATURES, IMAGE, nothing)[0])


def test_rim_refuses_unknown_skips():
    with pytest.raises(ValueError, match="skips are 'none': choose"):
        RIM(8, skips="none")


def test_rim_listens_to_the_stage_before():
    rim = RIM(8, pyramid_widths=(8, 12, 16))
    _every_head_speaks(rim)
    pyramid = EncoderDecoder(3, widths=(8, 12, 16))(IMAGE)
    _, alone = rim(FEATURES, IMAGE, pyramid)
    _, joined = rim(FEATURES, IMAGE, pyramid, previous=torch.ones_like(FEATURES))
    assert not torch.allclose(alone, joined)


@pytest.mark.parametrize(
    "name", ["ProcessingBlock", "QueryKeyMechanism", "EFEM", "MSAM", "RIM", "PredictionHead"]
)
def test_every_block_builds_from_in_channels_alone(name):
    assert isinstance(MODELS.build({"type": f"fcn_plugin.{name}", "in_channels": 8}), torch.nn.Module)
