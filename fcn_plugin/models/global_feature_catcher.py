"""Global feature catcher (Fig. 2, green)."""

from torch import Tensor, nn

from fcn_plugin.registry import MODELS

from .blocks import QueryKeyMechanism
from .blocks.component import Choice, build_component


@MODELS.register_module()
class GlobalFeatureCatcher(nn.Module):
    """One stage's features: 3×3 conv, PB, and the query-key mechanism added to them (⊕ in Fig. 2).

    The patch feature that the ⊕ adds to is the PB's output. Adding to the first convolution's instead
    would leave nothing of the PB but its average per patch.

    Shapes: a stage's image patches (N, image_channels, H, W) to features (N, in_channels, H, W).
    """

    def __init__(self, in_channels: int, image_channels: int = 3, processing_block: Choice = True):
        super().__init__()
        self.shallow = nn.Conv2d(image_channels, in_channels, 3, padding=1)
        self.processing_block = build_component(processing_block, "ProcessingBlock", in_channels=in_channels)
        self.query_key = QueryKeyMechanism(in_channels, image_channels)

    def forward(self, image: Tensor) -> Tensor:
        features = self.processing_block(self.shallow(image))
        return features + self.query_key(features, image)
