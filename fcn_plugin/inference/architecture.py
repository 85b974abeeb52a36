"""FCN's hyper-parameters, read off the shapes of its weights."""

from collections.abc import Mapping
from itertools import takewhile
from math import isqrt
from typing import Any

import torch
from torch import Tensor

from fcn_plugin.errors import InputError
from fcn_plugin.models import FCN
from fcn_plugin.models.blocks.encoder_decoder import PYRAMID_WIDTHS
from fcn_plugin.models.blocks.patch_grid import PAPER_GRIDS

from .options import LARGEST_TILE_STEP, SMALLEST_TILE

MOST_PATCHES = 64
"""The most rows or columns that a file may give a stage's grid."""

MOST_PARTS = 32
"""The most stages, levels or stacks that a file may give a network, which is built before it is compared."""

LARGEST_MULTIPLE = 128
"""The most rows or columns of pixels that images may be padded to multiples of.

A file whose network claims millions would ask for all memory.
"""

Shapes = Mapping[str, tuple[int, ...]]


def infer_options(state_dict: Mapping[str, Tensor]) -> dict[str, Any]:
    """The arguments of `FCN` that the shapes of its weights tell.

    That is all that changes a weight: widths, the number of stages, which modules are removed, the stacks of
    processing blocks, EFEM's reduction, the fraction of the resolution (12 channels go in where an RGB image
    is unshuffled by 2). Two arguments change none, ``grids`` and RIM's ``skips``: `complete_options` adds
    those.

    Raises `InputError` when there are no weights of FCN.
    """
    # Of convolutions: that is all that is asked for below.
    shapes: Shapes = {
        name: tuple(tensor.shape)
        for name, tensor in state_dict.items()
        if tensor.ndim == 4 and tensor.numel()
    }
    shallow = shapes.get("global_feature_catchers.0.shallow.weight")
    if shallow is None:
        raise InputError("holds no weights of FCN: it has no global_feature_catchers.0.shallow.weight")
    width, image_channels = shallow[:2]
    unshuffle = max(isqrt(image_channels // 3), 1)
    if image_channels == 3 * unshuffle**2:
        image_channels = 3
    else:
        unshuffle = 1
    efem = _place(shapes, "gate.1.weight")
    msam = _place(shapes, "refine.0.weight")
    rim = _place(shapes, "laterals.0.weight")
    pyramid = _place(shapes, "encoders.0.0.stacks.0.0.weight")
    levels = 0 if rim is None else _count(shapes, f"{rim}laterals.{{}}.weight")
    return {
        "image_channels": image_channels,
        "unshuffle": unshuffle,
        "width": width,
        "stages": _count(shapes, "global_feature_catchers.{}.shallow.weight"),
        "processing_block": _stacks(shapes, "global_feature_catchers.0.processing_block."),
        "efem": efem is not None and {"reduction": width // shapes[f"{efem}gate.1.weight"][0]},
        "msam": msam is not None and {"processing_block": _stacks(shapes, f"{msam}processing_block.")},
        "rim": rim is not None and {"processing_block": _stacks(shapes, f"{rim}processing_blocks.0.")},
        # Without RIM nothing is left of the pyramid but what its levels say of the padding.
        "pyramid_widths": [shapes[f"{rim}laterals.{level}.weight"][1] for level in range(levels)]
        or list(PYRAMID_WIDTHS),
        "encoder_decoder": (pyramid is not None and _stacks(shapes, f"{pyramid}encoders.0.0.")) or None,
    }


def complete_options(options: Mapping[str, Any], told: Any) -> dict[str, Any]:
    """Adds to inferred options what shapes do not tell: ``grids`` and RIM's ``skips``.

    ``told`` are arguments of `FCN` as a file gives them. Of those, these two alone are looked at, so that
    nothing else in there can name a class or a size; where they are missing, they are the paper's.

    Raises `InputError` for grids and skips that FCN cannot have.
    """
    told = told if isinstance(told, dict) else {}
    stages, rim = options["stages"], told.get("rim")
    grids = told.get("grids", PAPER_GRIDS)
    if not (
        isinstance(grids, list | tuple)
        and len(grids) >= stages
        and all(isinstance(grid, list | tuple) and len(grid) == 2 for grid in grids)
        and all(isinstance(count, int) and 1 <= count <= MOST_PATCHES for grid in grids for count in grid)
    ):
        raise InputError(
            f"has {stages} stages, but its metadata gives no grid (rows, columns) of patches for each; "
            "export it with the config that it was trained with"
        )
    completed = {**options, "grids": [list(grid) for grid in grids[len(grids) - stages :]]}
    if options["rim"] and isinstance(rim, dict) and "skips" in rim:
        completed["rim"] = {**options["rim"], "skips": str(rim["skips"])}
    return completed


def build_network(state_dict: Mapping[str, Tensor], options: Mapping[str, Any]) -> FCN:
    """FCN with these weights, in float32 and in evaluation mode.

    Raises `InputError` when the weights do not fit the options, before memory is taken for them.
    """
    try:
        with torch.device("meta"):
            network = FCN(**options)
    except (TypeError, ValueError, IndexError, ArithmeticError, RuntimeError) as error:
        sentence = str(error).partition("\n")[0]
        raise InputError(f"describes a network that cannot be built: {sentence}") from error
    expected = {name: tensor.shape for name, tensor in network.state_dict().items()}
    found = {name: tensor.shape for name, tensor in state_dict.items()}
    odd = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if odd:
        raise InputError(
            f"does not fit FCN as this toolkit builds it: {len(odd)} tensors are missing, unknown or of "
            f"another shape, such as {odd[0]!r:.99}"
        )
    if max(network.multiple_of) > LARGEST_MULTIPLE:
        raise InputError(
            f"describes a network that pads images to multiples of {max(network.multiple_of)} pixels, and "
            f"{LARGEST_MULTIPLE} is the most that is believed"
        )
    if network.tile_step > LARGEST_TILE_STEP:
        raise InputError(
            f"describes a network that works at 1/{network.unshuffle} of the resolution, which is too "
            f"coarse for tiles of {SMALLEST_TILE} pixels"
        )
    network.load_state_dict({name: tensor.float() for name, tensor in state_dict.items()}, assign=True)
    return network.requires_grad_(False).eval()


def _place(shapes: Shapes, suffix: str) -> str | None:
    """What comes before ``suffix`` in the first name that ends so."""
    return next((name.removesuffix(suffix) for name in shapes if name.endswith(f".{suffix}")), None)


def _count(shapes: Shapes, pattern: str) -> int:
    """How many of ``pattern``, numbered from 0 on, there are."""
    found = len(list(takewhile(lambda index: pattern.format(index) in shapes, range(MOST_PARTS + 1))))
    if found > MOST_PARTS:
        raise InputError(f"describes a network of more than {MOST_PARTS} {pattern}, too many to be believed")
    return found


def _stacks(shapes: Shapes, place: str) -> dict[str, int] | bool:
    """The argument for a processing block: the number of its stacks, ``False`` where it was removed."""
    stacks = _count(shapes, f"{place}stacks.{{}}.0.weight")
    return {"stacks": stacks} if stacks else False
