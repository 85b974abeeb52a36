"""Query-key mechanism, QK (section 3.2, Fig. 3b)."""

from torch import Tensor, nn

from fcn_plugin.registry import MODELS


@MODELS.register_module()
class QueryKeyMechanism(nn.Module):
    """Weighs each channel of an abstraction of the image (key) by what the features say of it (query).

    The query is pooled over one patch, so there are as many queries as patches: "the same number of
    queries and keys as image chunks". Patches come folded into the batch.

    Shapes: features (N, in_channels, H, W) and the image patch they stem from (N, image_channels, H, W)
    to (N, in_channels, H, W). Queries lie in 0..1.
    """

    def __init__(self, in_channels: int, image_channels: int = 3):
        super().__init__()
        self.query = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(in_channels, in_channels, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(in_channels, in_channels, 1),
            nn.Sigmoid(),
        )
        self.key = nn.Sequential(
            nn.Conv2d(image_channels, in_channels, 3, padding=1),
            nn.Conv2d(in_channels, in_channels, 3, padding=1),
            nn.SELU(inplace=True),
            nn.Conv2d(in_channels, in_channels, 3, padding=1),
        )

    def forward(self, features: Tensor, image: Tensor) -> Tensor:
        return self.query(features) * self.key(image)  # (N, C, 1, 1) ⊗ (N, C, H, W)
