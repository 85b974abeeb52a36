"""Raw information mechanism, RIM (section 3.5, Fig. 5)."""

from collections.abc import Sequence
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from fcn_plugin.errors import InputError
from fcn_plugin.registry import MODELS

from .component import Choice, build_component
from .encoder_decoder import PYRAMID_WIDTHS
from .prediction_head import PredictionHead
from .query_key import QueryKeyMechanism

FeaturePyramids = tuple[Sequence[Tensor], Sequence[Tensor]]
"""The maps of the encoder and of the decoder, finest level first."""


@MODELS.register_module()
class RIM(nn.Module):
    """Joins the last stage's features with the raw image's, level by level, and predicts the answer.

    Per level: PB, query-key mechanism, ⊕ skip, ⊕ the encoder's and the decoder's features of that level,
    brought to the stage's width by a 1×1 convolution and to full size by bilinear interpolation. These
    convolutions start at zero: what the raw image tells comes in as far as it helps.

    Fig. 5 draws the ⊕ skip at the first level only. After the other levels' query-key mechanisms, nothing
    would then be left of the features but one number per channel and patch: the four stages could not tell
    the answer *where* anything is. With ``skips="every"``, the default, the PB's output is carried past each
    query-key mechanism, as in `MSAM`. ``skips="first"`` is the figure to the letter: one skip, from before
    the first PB.

    ``processing_block`` keeps, removes or replaces the PBs inside.

    Shapes: features and previous features (N, in_channels, H, W), the image (N, image_channels, H, W), and
    the encoder's and decoder's maps (N, pyramid_widths[l], H/2^l, W/2^l), to a tuple of the joined features,
    shaped as the features, and the prediction, shaped as the image.

    Raises `InputError` for an unknown ``skips``.
    """

    def __init__(
        self,
        in_channels: int,
        image_channels: int = 3,
        pyramid_widths: Sequence[int] = PYRAMID_WIDTHS,
        processing_block: Choice = True,
        skips: Literal["every", "first"] = "every",
    ):
        super().__init__()
        if skips not in ("every", "first"):
            raise InputError(f"RIM's skips are {skips!r}: choose 'every' or 'first'")
        self.skips = skips
        self.processing_blocks = nn.ModuleList(
            build_component(processing_block, "ProcessingBlock", in_channels=in_channels)
            for _ in pyramid_widths
        )
        self.query_keys = nn.ModuleList(
            QueryKeyMechanism(in_channels, image_channels) for _ in pyramid_widths
        )
        self.laterals = nn.ModuleList(nn.Conv2d(width, in_channels, 1) for width in pyramid_widths)
        for lateral in self.laterals:
            nn.init.zeros_(lateral.weight)
            nn.init.zeros_(lateral.bias)
        self.prediction_head = PredictionHead(in_channels, image_channels)

    def forward(
        self, features: Tensor, image: Tensor, pyramids: FeaturePyramids, previous: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        if previous is not None:
            features = features + previous
        for level, (encoded, decoded) in enumerate(zip(*pyramids, strict=True)):
            processed = self.processing_blocks[level](features)
            caught = self.query_keys[level](processed, image)
            if self.skips == "every":
                features = processed + caught
            else:
                features = features + caught if level == 0 else caught
            raw = self.laterals[level](encoded + decoded)
            if level > 0:
                raw = F.interpolate(raw, size=features.shape[-2:], mode="bilinear")
            features = features + raw
        return features, self.prediction_head(features, image)
