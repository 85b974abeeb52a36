"""Query-key mechanism, QK (section 3.2, Fig. 3b)."""

from torch import Tensor, nn

from fcn_plugin.registry import MODELS

from .window_average import WindowAverage


@MODELS.register_module()
class QueryKeyMechanism(nn.Module):
    """Weighs each channel of an abstraction of the image (key) by what the features say of it (query).

    The query is pooled over one patch, so there are as many queries as patches: "the same number of
    queries and keys as image chunks". Patches come folded into the batch. After `pool_over` a window, each
    place has a query of its own.

    Shapes: features (N, in_channels, H, W) and the image patch they stem from (N, image_channels, H, W)
    to (N, in_channels, H, W). Queries lie in 0..1.
    """

    def __init__(self, in_channels: int, image_channels: int = 3):
        super().__init__()
        self.query = nn.Sequential(
            WindowAverage(),
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

    def pool_over(self, window: tuple[int, int] | None) -> None:
        """Pools over windows of this height and width instead of whole patches; ``None`` undoes it."""
        self.query[0].window = window

    def forward(self, features: Tensor, image: Tensor) -> Tensor:
        query = self.query[0].spread(self.query(features), image.shape[-2:])
        return query * self.key(image)  # (N, C, 1, 1) ⊗ (N, C, H, W)
