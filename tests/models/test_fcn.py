import itertools

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from fcn_plugin.models import FCN, MSAM, RIM, EncoderDecoder, LocalFeatureCatcher, ProcessingBlock
from fcn_plugin.models.local_feature_catcher import stage_modules

from ..conftest import draw_zeros

MODULES = ("processing_block", "efem", "msam", "rim")
TABLE_2 = [(stages, {module: False}) for stages, module in itertools.product((1, 2, 3, 4), MODULES)]
FULL = [(stages, {}) for stages in (1, 2, 3, 4)]


def tiny(**options):
    torch.manual_seed(0)
    return FCN(width=4, pyramid_widths=(4, 6, 8), **options)


def test_the_defaults_have_the_papers_size_and_cost():
    with torch.device("meta"):
        network = FCN().eval()
        image = torch.empty(1, 3, 256, 256)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    with FlopCounterMode(display=False) as counter:
        network(image)
    assert 20_000_000 <= parameters <= 20_309_000
    assert counter.get_total_flops() / 2 < 450e9  # one multiply-accumulate is two operations


def test_patches_are_one_call_per_stage():
    network = tiny().eval()
    calls = []
    for catcher in network.global_feature_catchers:
        catcher.register_forward_hook(lambda _, inputs, __: calls.append(tuple(inputs[0].shape)))
    network(torch.rand(3, 3, 32, 32))
    assert calls == [(24, 3, 16, 8), (12, 3, 16, 16), (6, 3, 16, 32), (3, 3, 32, 32)]


@pytest.mark.parametrize(("stages", "options"), TABLE_2 + FULL)
def test_every_row_of_table_2_starts_at_the_identity_and_trains(stages, options):
    network = tiny(stages=stages, **options)
    image, target = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    predictions = network(image)
    assert len(predictions) == stages
    for prediction in predictions:
        assert torch.equal(prediction, image)

    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    losses = []
    for _ in range(4):
        loss = sum((prediction - target).square().mean() for prediction in network(image))
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        # Distributed training stops at a parameter that no prediction depends on.
        assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []
        optimizer.step()
    assert losses[-1] < losses[0]
    assert network.eval()(image).shape == image.shape


def test_the_rows_of_table_2_differ_as_they_should():
    sizes = {}
    for stages, options in TABLE_2 + FULL:
        network = tiny(stages=stages, **options)
        removed = next(iter(options), None)
        sizes[stages, removed] = sum(parameter.numel() for parameter in network.parameters())
        assert any(isinstance(module, MSAM) for module in network.modules()) == (removed != "msam")
        assert any(isinstance(module, RIM) for module in network.modules()) == (removed != "rim")
        assert any(isinstance(module, EncoderDecoder) for module in network.modules()) == (removed != "rim")
        blocks = [catcher.processing_block for catcher in network.global_feature_catchers]
        assert all(isinstance(block, ProcessingBlock) for block in blocks) == (removed != "processing_block")
    for stages, removed in sizes:
        if removed is not None:
            assert sizes[stages, removed] < sizes[stages, None]
    assert len(set(sizes.values())) == len(sizes)


def test_which_modules_run_where():
    assert stage_modules(4) == [["EFEM"], ["MSAM"], ["MSAM"], ["RIM"]]
    assert stage_modules(3) == [["EFEM"], ["MSAM"], ["RIM"]]
    assert stage_modules(2) == [["EFEM"], ["MSAM", "RIM"]]
    assert stage_modules(1) == [["EFEM", "MSAM", "RIM"]]
    assert tiny(stages=2).grids == ((2, 1), (1, 1))


def test_every_stage_hands_its_features_down():
    network = draw_zeros(tiny())
    image = torch.rand(1, 3, 16, 16)
    before = network(image)
    with torch.no_grad():
        network.global_feature_catchers[0].shallow.weight.mul_(2)
    after = network(image)
    assert all(not torch.allclose(old, new) for old, new in zip(before, after, strict=True))


def test_inference_gives_the_last_prediction():
    network = draw_zeros(tiny())
    image = torch.rand(2, 3, 20, 24)
    torch.testing.assert_close(network.train()(image)[-1], network.eval()(image))


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 3), (5, 1), (17, 31), (64, 33)])
@pytest.mark.parametrize("batch", [1, 3])
def test_any_size_and_batch(size, batch):
    network = draw_zeros(tiny()).eval()
    images = torch.rand(batch, 3, *size)
    restored = network(images)
    assert restored.shape == images.shape
    assert restored.isfinite().all()
    torch.testing.assert_close(restored[:1], network(images[:1]))  # batching changes nothing


def test_unshuffled_is_the_same_network_on_blocks_of_pixels():
    network = draw_zeros(tiny(unshuffle=2)).eval()
    on_blocks = tiny(image_channels=12).eval()
    on_blocks.load_state_dict(network.state_dict())
    image = torch.rand(2, 3, 40, 48)
    expected = F.pixel_shuffle(on_blocks(F.pixel_unshuffle(image, 2)), 2)
    torch.testing.assert_close(network(image), expected)
    image = torch.rand(1, 3, 13, 7)
    assert network(image).shape == image.shape
    assert tiny(unshuffle=2).eval()(image).equal(image)


def test_4k():
    with torch.device("meta"):
        assert tiny().eval()(torch.empty(1, 3, 2160, 3840)).shape == (1, 3, 2160, 3840)


def test_bfloat16_is_close_to_float32():
    network = draw_zeros(tiny()).eval()
    image = torch.rand(1, 3, 24, 24)
    wanted = network(image) - image
    got = network.bfloat16()(image.bfloat16()).float() - image
    assert (got - wanted).abs().max() < 0.05 * wanted.abs().max() + 0.01


def test_autocast_trains():
    network = tiny()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        predictions = network(torch.rand(1, 3, 16, 16))
    sum(prediction.float().mean() for prediction in predictions).backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


@pytest.mark.parametrize("training", [False, True])
def test_compiles_as_one_graph(training):
    network = draw_zeros(tiny(processing_block={"stacks": 1})).train(training)
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    for size in ((16, 16), (24, 40)):  # the second size makes torch compile for any size
        image = torch.rand(2, 3, *size)
        got, wanted = compiled(image), network(image)
        if training:
            got, wanted = got[-1], wanted[-1]
        torch.testing.assert_close(got, wanted)


def test_stage_count_and_last_grid_are_checked():
    with pytest.raises(ValueError, match="stages must be 1 to 4"):
        tiny(stages=5)
    with pytest.raises(ValueError, match=r"must be \(1, 1\)"):
        tiny(grids=((2, 2), (2, 1)))


def test_a_module_can_be_replaced_by_config():
    network = tiny(processing_block={"stacks": 1}, efem={"type": "fcn_plugin.ProcessingBlock"})
    assert len(network.global_feature_catchers[0].processing_block.stacks) == 1
    catcher = network.local_feature_catcher
    assert isinstance(catcher, LocalFeatureCatcher)
    assert isinstance(catcher.stages[0][0].module, ProcessingBlock)
    pyramid = tiny(encoder_decoder={"stacks": 3}).local_feature_catcher.stages[-1][-1].encoder_decoder
    assert {len(block.stacks) for block, _ in [*pyramid.encoders, *pyramid.decoders]} == {3}


@pytest.mark.parametrize("unshuffle", [1, 2])
def test_local_statistics_of_a_crop_are_those_of_training(unshuffle):
    """In the middle of a window, where the zeros beyond a crop's border have no say."""
    network = draw_zeros(tiny(stages=1, unshuffle=unshuffle)).eval()
    crop = torch.rand(1, 3, 128, 128)
    with torch.inference_mode():
        expected = network(crop)
        network.pool_locally((128, 128))
        torch.testing.assert_close(network(crop), expected)


@pytest.mark.parametrize("unshuffle", [1, 2])
def test_tiles_begin_where_their_windows_are_those_of_the_image(unshuffle):
    network = draw_zeros(tiny(stages=1, unshuffle=unshuffle, rim={"processing_block": False})).eval()
    network.pool_locally((64, 64))
    assert network.tile_step == 8 * unshuffle
    image = torch.rand(1, 3, 320, 32)

    def difference(start):
        """Between a tile that begins at this row and the whole image, away from the tile's upper border."""
        tile = network(image[:, :, start:]) - network(image)[:, :, start:]
        return tile[:, :, 160:].abs().max()

    with torch.inference_mode():
        assert difference(network.tile_step) < 1e-6
        assert difference(network.tile_step // 2) > 1e-5


def test_local_statistics_do_not_depend_on_what_is_far_away():
    network = draw_zeros(tiny()).eval()
    image = torch.rand(1, 3, 32, 320)
    other = torch.cat([image[..., :240], torch.rand(1, 3, 32, 80)], dim=-1)

    def change(columns):
        with torch.inference_mode():
            return (network(image) - network(other))[..., :columns].abs().max()

    assert change(32) > 1e-6
    network.pool_locally((16, 16))
    assert change(32) == 0
    network.pool_locally(None)
    assert change(32) > 1e-6


def test_local_statistics_leave_weights_and_training_alone():
    network = draw_zeros(tiny())
    weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    image = torch.rand(1, 3, 40, 56)
    before = network(image)
    network.pool_locally((16, 32))
    network(image)
    network.pool_locally(None)
    for stage, again in zip(before, network(image), strict=True):
        assert torch.equal(stage, again)
    assert weights.keys() == network.state_dict().keys()
