"""How far one prediction is from the sharp image. Every criterion averages over the batch."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fcn_plugin.registry import MODELS


@MODELS.register_module()
class RMSELoss(nn.Module):
    """Root mean squared error per image: sqrt(‖P − G‖²) of equation 1, over the number of elements.

    Dividing by the number of elements makes the scale independent of crop size. ``epsilon`` stands inside
    the root and keeps the gradient finite at zero.

    Shapes: two (B, C, H, W) in [0, 1] to a scalar.
    """

    def __init__(self, epsilon: float = 1e-8):
        super().__init__()
        self.epsilon = epsilon

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        squared = (prediction - target).square().mean(dim=(1, 2, 3))
        return torch.sqrt(squared + self.epsilon).mean()


@MODELS.register_module()
class CharbonnierLoss(nn.Module):
    """The mean over pixels of sqrt(d² + epsilon²): an L1 distance that is smooth at zero.

    Shapes: two (B, C, H, W) in [0, 1] to a scalar.
    """

    def __init__(self, epsilon: float = 1e-3):
        super().__init__()
        self.epsilon = epsilon

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return torch.sqrt((prediction - target).square() + self.epsilon**2).mean()


@MODELS.register_module()
class CharbonnierEdgeLoss(nn.Module):
    """Charbonnier plus ``edge_weight`` times Charbonnier of what a Laplacian pyramid's first level keeps.

    This is what FCN's authors released, after MPRNet (Zamir et al., CVPR 2021, equation 5). The edges are
    the image less its blurred, halved and re-doubled self.

    Shapes: two (B, C, H, W) in [0, 1], of three pixels a side or more, to a scalar.
    """

    def __init__(self, edge_weight: float = 0.05, epsilon: float = 1e-3):
        super().__init__()
        self.edge_weight = edge_weight
        self.charbonnier = CharbonnierLoss(epsilon)
        # Burt and Adelson's five-tap filter with a = 0.4.
        taps = torch.tensor([0.05, 0.25, 0.4, 0.25, 0.05])
        self.register_buffer("kernel", torch.outer(taps, taps), persistent=False)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        # Edges are linear in the image, so those of the difference are the difference of the edges.
        edges = self.edges(prediction - target)
        return self.charbonnier(prediction, target) + self.edge_weight * self.charbonnier(
            edges, torch.zeros_like(edges)
        )

    def edges(self, images: Tensor) -> Tensor:
        """The first level of the Laplacian pyramid, shaped as ``images``."""
        doubled = torch.zeros_like(images)
        # Every second pixel, times four for the three that stay empty.
        doubled[..., ::2, ::2] = 4 * self._blur(images)[..., ::2, ::2]
        return images - self._blur(doubled)

    def _blur(self, images: Tensor) -> Tensor:
        channels = images.shape[1]
        kernel = self.kernel.to(images.dtype).expand(channels, 1, 5, 5)
        # Reflecting keeps every second pixel empty across the border, so that flat images have no edges.
        return F.conv2d(F.pad(images, (2, 2, 2, 2), mode="reflect"), kernel, groups=channels)
