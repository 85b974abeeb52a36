"""Processing block, PB (section 3.1, Fig. 3a; the figures also call it "preprocessing block")."""

from torch import Tensor, nn

from fcn_plugin.registry import MODELS


@MODELS.register_module()
class ProcessingBlock(nn.Module):
    """Stacks of [3×3 conv, SELU, 3×3 conv], two of them in the paper.

    The paper stacks them so that "gradient disappearance and explosion are effectively avoided"; that
    holds when each stack adds to its input, so each one is residual. The first convolution of Fig. 3a
    (3 to c channels) belongs to `GlobalFeatureCatcher`, because the later blocks have features as input.

    Shapes: (N, in_channels, H, W) to the same.
    """

    def __init__(self, in_channels: int, stacks: int = 2):
        super().__init__()
        self.stacks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(in_channels, in_channels, 3, padding=1),
                nn.SELU(inplace=True),
                nn.Conv2d(in_channels, in_channels, 3, padding=1),
            )
            for _ in range(stacks)
        )

    def forward(self, features: Tensor) -> Tensor:
        for stack in self.stacks:
            features = features + stack(features)
        return features
