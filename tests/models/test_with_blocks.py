"""Blocks inside plain torch networks."""

import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from fcn_plugin.errors import InputError
from fcn_plugin.models import WithBlocks
from fcn_plugin.registry import MODELS

IMAGE = torch.rand(2, 3, 8, 12, generator=torch.Generator().manual_seed(0))
BLOCKS = (
    {"after": "first", "cfg": {"type": "fcn_plugin.EFEM"}},
    {"after": "first", "cfg": {"type": "fcn_plugin.ProcessingBlock", "stacks": 1}},
    {"after": "body", "cfg": {"type": "fcn_plugin.QueryKeyMechanism", "in_channels": 4}, "skip": True},
    {"after": "body.0", "cfg": {"type": "fcn_plugin.MSAM"}},
)


class SmallNetwork(nn.Module):
    """A network that knows nothing of blocks; its body halves the image, and may recompute itself."""

    def __init__(self, checkpointed: bool = False):
        super().__init__()
        self.checkpointed = checkpointed
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.body = nn.Sequential(nn.Conv2d(4, 4, 2, stride=2), nn.ReLU())
        self.last = nn.Conv2d(4, 3, 1)

    def forward(self, image: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
        features = self.first(image)
        if self.checkpointed:
            features = checkpoint(self.body, features, use_reentrant=False)
        else:
            features = self.body(features)
        return self.last(features) * scale


@pytest.fixture(autouse=True)
def _registered():
    torch.manual_seed(0)
    MODELS.register_module(name="SmallNetwork", module=SmallNetwork)
    yield
    MODELS.module_dict.pop("SmallNetwork")


def with_blocks(*blocks: dict, **network) -> WithBlocks:
    return WithBlocks({"type": "fcn_plugin.SmallNetwork", **network}, blocks)


def test_every_block_takes_what_stands_before_it():
    model = with_blocks(*BLOCKS)
    plain, blocks = SmallNetwork(), model.blocks
    plain.load_state_dict(model.network.state_dict())
    small = F.avg_pool2d(IMAGE, 2)
    features = blocks["first:1"](blocks["first"](plain.first(IMAGE)))
    features, _ = blocks["body/0"](plain.body[0](features), small)
    features = features.relu()
    features = features + blocks["body"](features, small)
    torch.testing.assert_close(model(IMAGE, scale=2.0), plain.last(features) * 2)


def test_the_networks_weights_keep_their_names():
    plain = SmallNetwork()
    model = with_blocks(*BLOCKS)
    model.network.load_state_dict(plain.state_dict())
    others = {name for name in model.state_dict() if not name.startswith("network.")}
    assert {name.split(".")[1] for name in others} == {"first", "first:1", "body", "body/0"}


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_has_blocks_of_its_own(again):
    model = with_blocks(*BLOCKS).eval()
    with torch.no_grad():
        before = model(IMAGE)
        copied = again(model)
        assert torch.equal(copied(IMAGE), before)
        for parameter in copied.blocks.parameters():
            parameter.zero_()
        assert not torch.equal(copied(IMAGE), before)
        assert torch.equal(model(IMAGE), before)


def test_everything_learns_and_moves():
    model = with_blocks(*BLOCKS).to(torch.float64)
    output = model(IMAGE.double())
    assert output.dtype == torch.float64
    output.square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name


def test_recomputed_activations_give_the_same_gradients():
    model, recomputing = with_blocks(*BLOCKS), with_blocks(*BLOCKS, checkpointed=True)
    recomputing.load_state_dict(model.state_dict())
    for one in (model, recomputing):
        one(IMAGE).square().mean().backward()
    for left, right in zip(model.parameters(), recomputing.parameters(), strict=True):
        torch.testing.assert_close(left.grad, right.grad)


def test_the_image_is_not_kept_after_inference():
    model = with_blocks(*BLOCKS)
    with torch.no_grad():
        model(IMAGE)
    assert not any(value is IMAGE for value in vars(model).values())


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_made_while_training_leaves_the_image_behind(again):
    model = with_blocks(*BLOCKS)
    learned = IMAGE.clone().requires_grad_() * 1.0  # inside a larger network, which cannot be copied along
    model(learned).mean().backward()
    assert not any(isinstance(value, torch.Tensor) for value in vars(again(model)).values())


def test_compiles_in_one_graph():
    model = with_blocks(*BLOCKS)
    expected = model(IMAGE)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(IMAGE), expected)


def test_distributed_training_finds_no_unused_parameter(tmp_path):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)
    try:
        model = DistributedDataParallel(with_blocks(*BLOCKS))
        for _ in range(2):  # the second iteration is where DDP complains of the first
            model(IMAGE).square().mean().backward()
    finally:
        torch.distributed.destroy_process_group()


def test_the_networks_own_initialisation_counts():
    class Initialised(SmallNetwork):
        def init_weights(self) -> None:
            nn.init.constant_(self.last.weight, 7)

    MODELS.register_module(name="SmallNetwork", module=Initialised, force=True)
    model = with_blocks(*BLOCKS)
    model.init_weights()
    assert (model.network.last.weight == 7).all()


@pytest.mark.parametrize("place", ["intro", ""])
def test_an_unknown_place_is_named(place):
    with pytest.raises(InputError, match=rf"SmallNetwork has no submodule '{place}'.*first, body, last"):
        with_blocks({"after": place, "cfg": {"type": "fcn_plugin.EFEM"}})


def test_a_width_that_is_not_known_is_asked_for():
    with pytest.raises(InputError, match=r"behind 'body', a Sequential, is not known: .*in_channels"):
        with_blocks({"after": "body", "cfg": {"type": "fcn_plugin.EFEM"}})


def test_a_place_that_returns_no_tensor_is_refused():
    class Pair(SmallNetwork):
        def __init__(self):
            super().__init__()
            self.both = Both()

        def forward(self, image):
            return self.both(image)[0]

    class Both(nn.Module):
        def forward(self, image):
            return image, image

    MODELS.register_module(name="SmallNetwork", module=Pair, force=True)
    model = with_blocks({"after": "both", "cfg": {"type": "fcn_plugin.EFEM", "in_channels": 3}})
    with pytest.raises(TypeError, match="both returns a tuple, but a block takes a tensor"):
        model(IMAGE)
