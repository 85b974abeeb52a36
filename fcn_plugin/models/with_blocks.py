"""Blocks inside a network that has no place for them."""

import inspect
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from fcn_plugin.errors import InputError
from fcn_plugin.registry import MODELS


@MODELS.register_module()
class WithBlocks(BaseModule):
    """Any registered network, with blocks behind named submodules of it.

    ``network=dict(type='mmagic.NAFNet', …), blocks=[dict(after='intro', cfg=dict(type='fcn_plugin.EFEM'))]``
    sends the output of NAFNet's ``intro`` through an EFEM and lets NAFNet go on with the result. The network
    stays as it is: its weights keep their names, below ``network.``, and its own ``init_cfg`` counts.

    Each of ``blocks`` is a dict with

    - ``after``: the submodule's name, as in ``network.named_modules()``. Its output is one tensor.
    - ``cfg``: the block, any registered module. Its ``in_channels`` is the submodule's ``out_channels`` or
      ``num_features`` where it has one, as convolutions and normalisations do; else ``cfg`` gives it.
    - ``skip``: whether the block's input is added to its output; no by default.

    A block whose ``forward`` has a parameter ``image``, such as `QueryKeyMechanism` and `MSAM`, gets the
    network's input, averaged down to the size of the features. Of a block that returns several tensors the
    first goes on. For `MSAM` that is its deep information; its prediction weighs the features and goes
    nowhere else. `QueryKeyMechanism` gives the image's features, not those that it is given, so it needs
    ``skip=True`` to hand those on, as the ⊕ of Figs. 2, 4b and 5 does.

    Shapes: the network's. Its first argument is the image (N, C, H, W). Where the network recomputes its
    activations (`torch.utils.checkpoint`), blocks see the image of the latest call: one call per backward.
    Works in ``DistributedDataParallel``, but not in ``nn.DataParallel``, whose replicas share the original's
    blocks.

    Raises `InputError` for a place that does not exist or whose width is not known, and ``TypeError`` when
    its output is no tensor.
    """

    def __init__(
        self,
        network: dict[str, Any],
        blocks: Sequence[dict[str, Any]],
        init_cfg: dict[str, Any] | None = None,
    ):
        super().__init__(init_cfg)
        self.network: nn.Module = MODELS.build(network)
        self.blocks = nn.ModuleDict()
        self._image: Tensor | None = None
        for block in blocks:
            self._insert(**block)

    def forward(self, image: Tensor, *args: Any, **kwargs: Any) -> Any:
        self._image = image
        try:
            return self.network(image, *args, **kwargs)
        finally:
            # Where activations are checkpointed, backward calls the blocks again and needs the image still.
            if not torch.is_grad_enabled():
                self._image = None

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle takes along: all but the image, which may hang on a graph."""
        return {**self.__dict__, "_image": None}

    def _insert(self, after: str, cfg: dict[str, Any], skip: bool = False) -> None:
        places = {name: module for name, module in self.network.named_modules() if name}
        if after not in places:
            raise InputError(
                f"{type(self.network).__name__} has no submodule {after!r} to put a block behind; "
                f"on its first level it has {', '.join(name for name, _ in self.network.named_children())}"
            )
        width = getattr(places[after], "out_channels", None) or getattr(places[after], "num_features", None)
        if width is None and "in_channels" not in cfg:
            raise InputError(
                f"the number of channels behind {after!r}, a {type(places[after]).__name__}, is not known: "
                "give the block's `in_channels`"
            )
        block = MODELS.build({"in_channels": width, **cfg})
        name = self._free_name(after)
        self.blocks[name] = block
        wants_image = "image" in inspect.signature(block.forward).parameters
        places[after].register_forward_hook(partial(self._send_through, name, skip, wants_image))

    def _free_name(self, after: str) -> str:
        """A key of ``self.blocks``, which may have no dots and holds several blocks of one place."""
        name = after.replace(".", "/")
        count = sum(key.partition(":")[0] == name for key in self.blocks)
        return f"{name}:{count}" if count else name

    def _send_through(
        self, name: str, skip: bool, wants_image: bool, _module: nn.Module, _inputs: Any, features: Any
    ) -> Tensor:
        if not isinstance(features, Tensor):
            raise TypeError(
                f"{name.replace('/', '.')} returns a {type(features).__name__}, but a block takes a tensor: "
                "put the block behind a submodule that returns one"
            )
        block = self.blocks[name]
        if wants_image:
            image = F.interpolate(self._image, size=features.shape[-2:], mode="area")
            result = block(features, image)
        else:
            result = block(features)
        if not isinstance(result, Tensor):
            result = result[0]
        return features + result if skip else result
