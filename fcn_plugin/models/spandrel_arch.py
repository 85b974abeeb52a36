"""The networks of other papers, taken from spandrel."""

import os
from typing import Any, get_args

from torch import Tensor, nn

from fcn_plugin.checkpoints import read_checkpoint
from fcn_plugin.errors import InputError, did_you_mean
from fcn_plugin.registry import MODELS

from .blocks.patch_grid import pad


@MODELS.register_module()
class SpandrelArch(nn.Module):
    """A network of ``spandrel`` or ``spandrel_extra_arches``, to be trained and tested as FCN is.

    Of the network nothing changes: its initialisation, its layers and the names of its weights are those of
    its authors. Around it, images are padded to the sizes that spandrel states for it, and what it returns
    is brought to the order that losses and metrics expect here.

    Args:
        arch: spandrel's name of the architecture, such as ``"NAFNet"``, ``"Restormer"`` or ``"MPRNet"``.
        weights: a file of published weights. Without ``options``, spandrel infers the network's from it.
        options: arguments of the network's class, such as NAFNet's ``width``.

    Shapes: (B, C, H, W) in [0, 1], any H and W from 1×1 on, to the restored image of the same shape. In
    training mode a network that predicts in stages, as MPRNet does, gives the list of its predictions, the
    answer last; its own order is the reverse.

    Raises `InputError` when spandrel cannot be imported or has no such architecture, and when the weights
    cannot be read or do not fit; ``TypeError`` for options that the network's class does not take.
    """

    def __init__(self, arch: str, weights: str | os.PathLike | None = None, **options: Any):
        super().__init__()
        architecture = _architecture(arch)
        if weights is None:
            self.network = _network_class(architecture)(**options)
        else:
            self.network = _network_with(weights, architecture, options)
        # What spandrel states about sizes comes with weights only; the present ones will do.
        self.size_requirements = architecture.load(self.network.state_dict()).size_requirements

    def forward(self, blurry: Tensor) -> Tensor | list[Tensor]:
        height, width = blurry.shape[-2:]
        right, down = self.size_requirements.get_padding(width, height)
        outputs = self.network(pad(blurry, down, right))
        if isinstance(outputs, Tensor):
            return outputs[..., :height, :width]
        # Where there are several, spandrel takes the first for the answer.
        if self.training:
            return [output[..., :height, :width] for output in reversed(outputs)]
        return outputs[0][..., :height, :width]


def _architecture(arch: str) -> Any:
    """spandrel's description of an architecture."""
    try:
        import spandrel
        import spandrel_extra_arches
    # torchvision, which spandrel imports, answers with a RuntimeError where it was built for another torch.
    except (ImportError, RuntimeError) as error:
        raise InputError(
            f"the networks of other papers come from spandrel, which cannot be imported here ({error}): run "
            "`pip install spandrel spandrel_extra_arches`, and install torchvision from where torch came from"
        ) from error
    spandrel_extra_arches.install(ignore_duplicates=True)
    names = [support.architecture.id for support in spandrel.MAIN_REGISTRY]
    if arch not in names:
        raise InputError(f"spandrel has no architecture {arch!r}{did_you_mean(arch, names)}")
    return spandrel.MAIN_REGISTRY[arch].architecture


def _network_class(architecture: Any) -> type[nn.Module]:
    """The class of which an ``Architecture[Network]`` describes the weights."""
    (generic,) = type(architecture).__orig_bases__
    (network_class,) = get_args(generic)
    if not isinstance(network_class, type):
        names = " and ".join(choice.__name__ for choice in get_args(network_class))
        raise InputError(
            f"spandrel's {architecture.id} stands for {names}: only a file of `weights` tells which is meant"
        )
    return network_class


def _network_with(weights: str | os.PathLike, architecture: Any, options: dict[str, Any]) -> nn.Module:
    """The network with published weights; ``options``, where there are any, say what the weights must fit."""
    from spandrel import canonicalize_state_dict

    state_dict = canonicalize_state_dict(read_checkpoint(weights))
    if not architecture.detect(state_dict):
        raise InputError(
            f"{weights}: holds no weights of {architecture.id}; use the file that its authors publish"
        )
    try:
        if not options:
            return architecture.load(state_dict).model
        network = _network_class(architecture)(**options)
        network.load_state_dict(state_dict)
    except RuntimeError as error:
        raise InputError(
            f"{weights}: these weights of {architecture.id} do not fit the network's options in the config; "
            "leave the options out to have them inferred from the file"
        ) from error
    return network
