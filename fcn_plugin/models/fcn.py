"""The feature catcher network: the straight line through Fig. 2."""

from collections.abc import Sequence
from itertools import chain
from math import lcm
from typing import Any

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from fcn_plugin.errors import InputError
from fcn_plugin.registry import MODELS

from .blocks import QueryKeyMechanism
from .blocks.component import Choice
from .blocks.encoder_decoder import PYRAMID_WIDTHS
from .blocks.patch_grid import PAPER_GRIDS, Grid, common_multiple, pad_to_multiple, split_into_patches
from .blocks.window_average import STEP as WINDOW_STEP
from .call_stage import call_stage
from .global_feature_catcher import GlobalFeatureCatcher
from .local_feature_catcher import LocalFeatureCatcher


@MODELS.register_module()
class FCN(BaseModule):
    """FCN (sections 3 and 3.1 to 3.5, Fig. 2).

    Every stage sees the full-resolution image cut into its grid of patches. A global feature catcher per
    stage extracts features, the local feature catcher hands them from stage to stage, and every stage
    predicts the restored image; the last prediction is the answer. Before training, every prediction
    equals the input.

    The defaults are the paper's network: 20.15 M parameters, 439 GMACs for a 256×256 image.

    Args:
        image_channels: channels of the image.
        width: channels c of the features.
        pyramid_widths: channels of the encoder-decoder's levels, finest first.
        grids: rows and columns of patches per stage; the last must be (1, 1).
        stages: keeps the last ``stages`` grids, as Table 2 does.
        processing_block, efem, msam, rim: whether these modules are present (``True``), removed (``False``,
            Table 2) or given by a config: a dict of arguments, such as ``{"stacks": 3}`` for the PBs, or of
            another registered ``type``.
        encoder_decoder: arguments of the encoder-decoder, or another registered ``type``.
        unshuffle: works at this fraction of the resolution: blocks of this many pixels squared become
            channels of one pixel (pixel unshuffle), and those of the predictions blocks again. For small
            networks: a pass costs that much squared less, and sees that much further.
        activation_checkpointing: whether training computes the features of every stage anew for the backward
            pass instead of keeping them: less memory for more time, the same gradients.
        init_cfg: MMEngine's: ``dict(type="Pretrained", checkpoint=PATH)`` starts a training from the weights
            in a checkpoint or weights file, safetensors included, in other toolboxes' models too.

    Shapes: (B, image_channels, H, W), RGB in [0, 1], any H and W from 1×1 on, to the restored image in
    evaluation mode and to the list of all stages' predictions in training mode, each shaped as the input.

    Attributes:
        crop_size: height and width of the crops whose statistics `pool_locally` keeps; ``None`` without it.

    Raises `InputError` for a number of stages that the grids do not have.
    """

    def __init__(
        self,
        image_channels: int = 3,
        width: int = 96,
        pyramid_widths: Sequence[int] = PYRAMID_WIDTHS,
        grids: Sequence[Grid] = PAPER_GRIDS,
        stages: int | None = None,
        processing_block: Choice = True,
        efem: Choice = True,
        msam: Choice = True,
        rim: Choice = True,
        encoder_decoder: dict[str, Any] | None = None,
        unshuffle: int = 1,
        activation_checkpointing: bool = False,
        init_cfg: dict[str, Any] | None = None,
    ):
        super().__init__(init_cfg)
        stages = len(grids) if stages is None else stages
        if not 1 <= stages <= len(grids):
            raise InputError(f"stages must be 1 to {len(grids)}, the number of grids, not {stages}")
        self.grids = tuple((rows, columns) for rows, columns in grids[len(grids) - stages :])
        self.coarsest = 2 ** (len(pyramid_widths) - 1)
        self.crop_size: tuple[int, int] | None = None
        self.image_channels = image_channels
        self.unshuffle = unshuffle
        image_channels *= unshuffle**2

        self.global_feature_catchers = nn.ModuleList(
            GlobalFeatureCatcher(width, image_channels, processing_block) for _ in self.grids
        )
        self.local_feature_catcher = LocalFeatureCatcher(
            width,
            image_channels,
            self.grids,
            pyramid_widths,
            processing_block,
            efem,
            msam,
            rim,
            encoder_decoder,
            activation_checkpointing,
        )
        self.activation_checkpointing = activation_checkpointing

    def pool_locally(self, crop_size: tuple[int, int] | None) -> None:
        """Keeps the statistics of training, on images of any size; ``None`` undoes it.

        The patches of a larger image are larger than those of the training's crops, and their averages tell
        less of each place. With the crops' height and width, each pixel gets a query of its own, pooled over
        a window as large as the stage's patch in training, and no stage cuts the image any more. This is
        test-time local conversion (`WindowAverage`): for inference, with the weights as they are.
        """
        self.crop_size = crop_size
        stages = zip(self.grids, self.global_feature_catchers, self.local_feature_catcher.stages, strict=True)
        for (rows, columns), *modules in stages:
            patches = self.unshuffle * rows, self.unshuffle * columns
            window = crop_size and (crop_size[0] // patches[0], crop_size[1] // patches[1])
            for module in chain.from_iterable(module.modules() for module in modules):
                if isinstance(module, QueryKeyMechanism):
                    module.pool_over(window)
        self.local_feature_catcher.grids = self.cuts

    @property
    def cuts(self) -> tuple[Grid, ...]:
        """The grids that the stages cut images into: the network's own, or none after `pool_locally`."""
        return self.grids if self.crop_size is None else ((1, 1),) * len(self.grids)

    @property
    def multiple_of(self) -> tuple[int, int]:
        """The height and the width that images are padded to multiples of."""
        height, width = common_multiple(self.cuts, self.coarsest)
        return self.unshuffle * height, self.unshuffle * width

    @property
    def tile_step(self) -> int:
        """Tiles of an image, for `pool_locally`, begin at rows and columns that are multiples of this.

        So the windows and the pyramid of each lie as those of the whole image do.
        """
        return self.unshuffle * lcm(WINDOW_STEP, self.coarsest)

    def forward(self, blurry: Tensor) -> Tensor | list[Tensor]:
        predictions = self.predict_stages(blurry)
        return predictions if self.training else predictions[-1]

    def predict_stages(self, blurry: Tensor) -> list[Tensor]:
        """Every stage's prediction (B, image_channels, H, W), the answer last."""
        height, width = blurry.shape[-2:]
        padded = F.pixel_unshuffle(pad_to_multiple(blurry, self.multiple_of), self.unshuffle)
        images = [split_into_patches(padded, grid) for grid in self.cuts]
        # One stage after the other, so that inference does not hold the features of all stages at once.
        features = (
            call_stage(catcher, image, checkpointing=self.activation_checkpointing)
            for catcher, image in zip(self.global_feature_catchers, images, strict=True)
        )
        predictions = self.local_feature_catcher(features, images)
        return [
            F.pixel_shuffle(prediction, self.unshuffle)[..., :height, :width] for prediction in predictions
        ]
