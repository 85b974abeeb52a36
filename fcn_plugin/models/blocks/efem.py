"""Enhanced feature extraction module, EFEM (section 3.3, Fig. 4a)."""

from torch import Tensor, nn

from fcn_plugin.registry import MODELS

from .channel_layer_norm import ChannelLayerNorm


@MODELS.register_module()
class EFEM(nn.Module):
    """Lets every pixel decide how much of each of its channels to pass on.

    LayerNorm, 1×1 conv to half the channels, 1×1 conv back, sigmoid, ⊗ with the input.

    Shapes: (N, in_channels, H, W) to the same.
    """

    def __init__(self, in_channels: int, reduction: int = 2):
        super().__init__()
        narrow = max(in_channels // reduction, 1)
        self.gate = nn.Sequential(
            ChannelLayerNorm(in_channels),
            nn.Conv2d(in_channels, narrow, 1),
            nn.Conv2d(narrow, in_channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, features: Tensor) -> Tensor:
        return features * self.gate(features)
