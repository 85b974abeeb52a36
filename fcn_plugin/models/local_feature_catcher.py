"""Local feature catcher (Fig. 2, red)."""

from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor, nn

from fcn_plugin.errors import InputError
from fcn_plugin.registry import MODELS

from .blocks import PredictionHead
from .blocks.component import Choice, build_component
from .blocks.encoder_decoder import PYRAMID_WIDTHS
from .blocks.patch_grid import PAPER_GRIDS, Grid, merge_patches, recut
from .call_stage import call_stage


class FeatureStage(nn.Module):
    """A stage whose module gives features only (EFEM, or a removed module's place), and its prediction."""

    def __init__(self, module: nn.Module, in_channels: int, image_channels: int, predicts: bool):
        super().__init__()
        self.module = module
        self.prediction_head = PredictionHead(in_channels, image_channels) if predicts else None

    def forward(
        self, features: Tensor, image: Tensor, previous: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        if previous is not None:
            features = features + previous
        features = self.module(features)
        return features, None if self.prediction_head is None else self.prediction_head(features, image)


class RawInformationStage(nn.Module):
    """RIM and the encoder-decoder whose feature maps it joins; there to be called like every other stage."""

    def __init__(self, encoder_decoder: nn.Module, rim: nn.Module):
        super().__init__()
        self.encoder_decoder = encoder_decoder
        self.rim = rim

    def forward(
        self, features: Tensor, image: Tensor, previous: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        return self.rim(features, image, self.encoder_decoder(image), previous)


def stage_modules(stages: int) -> list[list[str]]:
    """Which of EFEM, MSAM… and RIM run in which stage, in order.

    The first stage has EFEM, the last RIM, those between MSAM; with fewer than three stages, what finds no
    stage of its own runs in the last one, before RIM (Table 2).
    """
    plan = [["EFEM"], *(["MSAM"] for _ in range(stages - 2)), ["RIM"]]
    if stages == 2:
        plan[-1].insert(0, "MSAM")
    elif stages == 1:
        plan = [["EFEM", "MSAM", "RIM"]]
    return plan


@MODELS.register_module()
class LocalFeatureCatcher(nn.Module):
    """EFEM, MSAM… and RIM in order, each handing its features down to the next (Fig. 2, red).

    Each of ``efem``, ``msam``, ``rim`` and ``processing_block`` (inside MSAM and RIM) is kept, removed or
    replaced. A removed module passes its features on and its stage still makes a prediction. Without RIM
    there is no encoder-decoder either, since nothing else reads it; ``encoder_decoder`` holds arguments of
    it, or another registered ``type``. With ``activation_checkpointing`` a stage's features are computed anew
    for the backward pass.

    Shapes: for every stage, its features (B·patches, in_channels, h, w) and its image patches
    (B·patches, image_channels, h, w), to one prediction (B, image_channels, H, W) per stage.

    Raises `InputError` when the last grid is not 1×1: RIM joins the features of the whole image.
    """

    def __init__(
        self,
        in_channels: int,
        image_channels: int = 3,
        grids: Sequence[Grid] = PAPER_GRIDS,
        pyramid_widths: Sequence[int] = PYRAMID_WIDTHS,
        processing_block: Choice = True,
        efem: Choice = True,
        msam: Choice = True,
        rim: Choice = True,
        encoder_decoder: dict[str, Any] | None = None,
        activation_checkpointing: bool = False,
    ):
        super().__init__()
        if tuple(grids[-1]) != (1, 1):
            raise InputError(f"the last stage sees the whole image: its grid must be (1, 1), not {grids[-1]}")
        self.grids = [tuple(grid) for grid in grids]
        self.activation_checkpointing = activation_checkpointing
        channels = {"in_channels": in_channels, "image_channels": image_channels}
        arguments = {
            "EFEM": {"in_channels": in_channels},
            "MSAM": {**channels, "processing_block": processing_block},
            "RIM": {**channels, "processing_block": processing_block, "pyramid_widths": pyramid_widths},
        }
        pyramid = {"in_channels": image_channels, "widths": pyramid_widths}
        choices = {"EFEM": efem, "MSAM": msam, "RIM": rim}

        self.stages = nn.ModuleList()
        for names in stage_modules(len(self.grids)):
            stage = nn.ModuleList()
            for name in names:
                module = build_component(choices[name], name, **arguments[name])
                if name == "EFEM" or choices[name] is False:
                    module = FeatureStage(module, **channels, predicts=name == names[-1])
                elif name == "RIM":
                    pyramids = build_component(encoder_decoder or True, "EncoderDecoder", **pyramid)
                    module = RawInformationStage(pyramids, module)
                stage.append(module)
            self.stages.append(stage)

    def forward(self, features: Iterable[Tensor], images: Iterable[Tensor]) -> list[Tensor]:
        predictions, previous, previous_grid = [], None, None
        for modules, grid, stage_features, image in zip(
            self.stages, self.grids, features, images, strict=True
        ):
            if previous is not None:
                previous = recut(previous, previous_grid, grid)
            for module in modules:
                stage_features, prediction = call_stage(
                    module, stage_features, image, previous, checkpointing=self.activation_checkpointing
                )
                previous = None
            predictions.append(merge_patches(prediction, grid))
            previous, previous_grid = stage_features, grid
        return predictions
