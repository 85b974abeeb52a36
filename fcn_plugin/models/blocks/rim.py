"""Raw information mechanism, RIM (section 3.5, Fig. 5)."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from fcn_plugin.registry import MODELS

from .component import Choice, build_component
from .prediction_head import PredictionHead
from .query_key import QueryKeyMechanism


@MODELS.register_module()
class RIM(nn.Module):
    def __init__(
        self,
        in_channels: int,
        image_channels: int = 3,
        pyramid_widths: Sequence[int] = (96, 192, 392),
        processing_block: Choice = True,
        skips: str = "first",
    ):
        super().__init__()
        self.skips = skips
        self.processing_blocks = nn.ModuleList(
            build_component(processing_block, "ProcessingBlock", in_channels=in_channels)
            for _ in pyramid_widths
        )
        self.query_keys = nn.ModuleList(QueryKeyMechanism(in_channels, image_channels) for _ in pyramid_widths)
        self.laterals = nn.ModuleList(nn.Conv2d(width, in_channels, 1) for width in pyramid_widths)
        self.prediction_head = PredictionHead(in_channels, image_channels)

    def forward(self, features, image, pyramid, previous=None):
        if previous is not None:
            features = features + previous
        for level, (processing_block, query_key, lateral, encoded, decoded) in enumerate(zip(
            self.processing_blocks, self.query_keys, self.laterals, *pyramid, strict=True
        )):
            if self.skips == 'first':
                y = query_key(processing_block(features), image)
                features = features + y if level == 0 else y
            elif self.skips == 'every-before':
                features = features + query_key(processing_block(features), image)
            else:
                features = processing_block(features)
                features = features + query_key(features, image)
            raw = lateral(encoded + decoded)
            if raw.shape[-2:] != features.shape[-2:]:
                raw = F.interpolate(raw, size=features.shape[-2:], mode="bilinear")
            features = features + raw
        return features, self.prediction_head(features, image)
