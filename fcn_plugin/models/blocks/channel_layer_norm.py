"""Layer normalisation of feature maps."""

import torch.nn.functional as F
from torch import Tensor, nn


class ChannelLayerNorm(nn.LayerNorm):
    """Layer normalisation over the channels of every pixel of (N, C, H, W)."""

    def forward(self, features: Tensor) -> Tensor:
        channels_last = features.permute(0, 2, 3, 1)
        normalised = F.layer_norm(channels_last, self.normalized_shape, self.weight, self.bias, self.eps)
        return normalised.permute(0, 3, 1, 2)
