"""Multi-stage attention mechanism, MSAM (section 3.4, Fig. 4b)."""

import torch
from torch import Tensor, nn

from fcn_plugin.registry import MODELS

from .component import Choice, build_component
from .prediction_head import PredictionHead
from .query_key import QueryKeyMechanism


@MODELS.register_module()
class MSAM(nn.Module):
    """Fuses a stage's features with those of the stage before and lets the stage's own prediction weigh them.

    The last ⊕ skip carries the features past their own attention; Fig. 4b lets that line begin at the
    sigmoid, which would add numbers in 0..1 that say nothing new.

    ``processing_block`` keeps, removes or replaces the PB inside.

    Shapes: features and previous features (N, in_channels, H, W), the latter already cut to this stage's
    grid, and the stage's image patches (N, image_channels, H, W), to a tuple of the "deep information"
    for the next stage, shaped as the features, and the prediction, shaped as the patches.
    """

    def __init__(self, in_channels: int, image_channels: int = 3, processing_block: Choice = True):
        super().__init__()
        self.processing_block = build_component(processing_block, "ProcessingBlock", in_channels=in_channels)
        self.query_key = QueryKeyMechanism(in_channels, image_channels)
        self.refine = nn.Sequential(
            nn.Conv2d(in_channels, in_channels, 1), nn.Conv2d(in_channels, in_channels, 1)
        )
        self.prediction_head = PredictionHead(in_channels, image_channels)
        self.attention = nn.Conv2d(image_channels, in_channels, 3, padding=1)

    def forward(
        self, features: Tensor, image: Tensor, previous: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        if previous is not None:
            features = features + previous
        features = self.processing_block(features)
        features = features + self.query_key(features, image)

        prediction = self.prediction_head(features, image)
        attention = torch.sigmoid(self.attention(prediction))
        deep_information = self.refine(features) * attention + features
        return deep_information, prediction
