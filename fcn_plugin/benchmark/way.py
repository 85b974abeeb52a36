"""One way of running one network, ready to be checked and timed."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from fcn_plugin.engine.launch import load_config
from fcn_plugin.errors import InputError
from fcn_plugin.registry import MODELS

AUTOCAST = {"amp-bfloat16": torch.bfloat16, "amp-float16": torch.float16}
WEIGHTS = {"bfloat16": torch.bfloat16, "float16": torch.float16}


class Way(NamedTuple):
    """What is varied: one of each of `choices`, and activation checkpointing."""

    config: str
    mode: str
    precision: str = "float32"
    channels_last: bool = False
    compile: str = "eager"
    checkpointing: bool = False

    @property
    def reference(self) -> "Way":
        """The plainest way of computing the same."""
        return Way(self.config, self.mode)


@dataclass(frozen=True)
class Machine:
    """Where a way is run, and the options of ``--cfg-options``."""

    device: str
    options: dict[str, Any]


class Run:
    """A way on a machine, for batches of random RGB images of one size (height, width).

    Calling it does one inference, or one whole training step from 8-bit pairs to updated weights. All runs of
    a config have the same weights, and weights that start at zero are drawn at random: a network that begins
    as the identity would agree with itself whatever its features are.

    Raises `InputError` for a combination that does not exist.
    """

    def __init__(self, way: Way, machine: Machine, batch: int, size: tuple[int, int]):
        self.way, self.device, self.batch, self.size = way, torch.device(machine.device), batch, size
        self.config = load_config(way.config, machine.options)
        check_way(way, self.device)
        torch.manual_seed(0)
        self.config.model.update(
            channels_last=way.channels_last,
            compile_network=False if way.compile == "eager" else {"mode": way.compile},
        )
        if way.checkpointing:
            self.config.model.network.activation_checkpointing = True
        self.model = build_model(self.config)
        _randomise_zeros(self.model.network)
        self.model.to(self.device, WEIGHTS.get(way.precision, torch.float32))
        self.model.train(way.mode == "training")
        self._call = self._infer if way.mode == "inference" else self._train_step

    def __call__(self) -> Any:
        with _tf32(self.way.precision == "tf32"):
            return self._call()

    def answer(self) -> Tensor:
        """What must agree between ways, on the CPU: how inference changes the images, or all gradients."""
        with _tf32(self.way.precision == "tf32"):
            if self.way.mode == "inference":
                return (self._infer().float() - self._images.float()).cpu()
            data = self.model.data_preprocessor(self._pairs, training=True)
            with self._optim_wrapper.optim_context(self.model):
                loss = self.model(**data, mode="loss")["loss"]
            self.model.zero_grad()
            loss.backward()
            gradients = [parameter.grad for parameter in self.model.parameters()]
            return torch.cat([gradient.float().flatten().cpu() for gradient in gradients])

    def _infer(self) -> Tensor:
        dtype = AUTOCAST.get(self.way.precision)
        autocast = torch.autocast(self.device.type, dtype) if dtype else contextlib.nullcontext()
        with torch.inference_mode(), autocast:
            restored = self.model.network(self._images)
        return restored[-1] if isinstance(restored, list | tuple) else restored

    def _train_step(self) -> dict[str, Tensor]:
        return self.model.train_step(self._pairs, self._optim_wrapper)

    @cached_property
    def _images(self) -> Tensor:
        images = torch.stack(self._pairs["inputs"]).to(self.device) / 255
        images = images.to(WEIGHTS.get(self.way.precision, torch.float32))
        layout = torch.channels_last if self.way.channels_last else torch.contiguous_format
        return images.contiguous(memory_format=layout)

    @cached_property
    def _pairs(self) -> dict[str, list]:
        """As a dataloader gives them, but on the device already: loading has a benchmark of its own."""
        generator = torch.Generator().manual_seed(0)
        images = torch.randint(256, (2, self.batch, 3, *self.size), generator=generator, dtype=torch.uint8)
        blurry, sharp = images.to(self.device)
        return {"inputs": list(blurry), "data_samples": [BaseDataElement(gt_img=image) for image in sharp]}

    @cached_property
    def _optim_wrapper(self) -> Any:
        settings = self.config.optim_wrapper
        if self.way.precision in AUTOCAST:
            settings.update(type="AmpOptimWrapper", dtype=self.way.precision.removeprefix("amp-"))
        return build_optim_wrapper(self.model, settings)


def check_way(way: Way, device: torch.device) -> None:
    """Raises `InputError` for a combination that does not exist."""
    if way.mode == "training" and way.precision in WEIGHTS:
        raise InputError(f"{way.precision} weights cannot be trained: choose amp-{way.precision}")
    if way.mode == "training" and way.precision in AUTOCAST and device.type != "cuda":
        raise InputError("MMEngine trains in mixed precision on a GPU only: choose float32 on the CPU")


def build_model(config: Config) -> nn.Module:
    """The model of a config, whose types are those of its default scope."""
    with DefaultScope.overwrite_default_scope(config.default_scope):
        return MODELS.build(config.model)


def relative_error(answer: Tensor, reference: Tensor) -> float:
    """‖answer - reference‖ / ‖reference‖ in float64."""
    return ((answer - reference).double().norm() / reference.double().norm()).item()


def _randomise_zeros(network: nn.Module) -> None:
    for parameter in network.parameters():
        if not parameter.count_nonzero():
            # Not in place, which would follow the memory layout.
            parameter.data.copy_(0.02 * torch.randn(parameter.shape))


@contextlib.contextmanager
def _tf32(allowed: bool) -> Iterator[None]:
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before
