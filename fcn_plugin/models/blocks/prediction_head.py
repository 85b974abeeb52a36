"""What turns features into a restored image: the arrows to the right edge of Fig. 2."""

from torch import Tensor, nn

from fcn_plugin.registry import MODELS


@MODELS.register_module()
class PredictionHead(nn.Module):
    """A 3×3 convolution to the image's channels, added to the blurry image.

    Starts at zero, so that an untrained network returns its input: otherwise the first part of training
    goes into finding the image again.

    Shapes: features (N, in_channels, H, W) and image (N, image_channels, H, W) to the image's shape.
    """

    def __init__(self, in_channels: int, image_channels: int = 3):
        super().__init__()
        self.residual = nn.Conv2d(in_channels, image_channels, 3, padding=1)
        nn.init.zeros_(self.residual.weight)
        nn.init.zeros_(self.residual.bias)

    def forward(self, features: Tensor, image: Tensor) -> Tensor:
        return image + self.residual(features)
