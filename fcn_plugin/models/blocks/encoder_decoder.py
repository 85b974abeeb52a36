"""Encoder and decoder of the raw blurry image (Fig. 2, lower left; section 3.5, parts 3 and 4)."""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from fcn_plugin.registry import MODELS

from .channel_layer_norm import ChannelLayerNorm
from .processing_block import ProcessingBlock

PYRAMID_WIDTHS = (96, 192, 392)
"""Channels per level, finest first. The paper gives none; these bring the network to 20.1 M parameters."""


@MODELS.register_module()
class EncoderDecoder(nn.Module):
    """A pyramid with one width per level and skip connections; all of its feature maps come out.

    The paper does not say what the levels are made of; here it is processing blocks, which stay when the
    ablation removes PB elsewhere, each followed by a LayerNorm over channels. Without, ten stacks in a row
    multiply each other's growth: in training the decoder's maps outgrew the encoder's by orders of
    magnitude, and drowned them wherever the two are added, here and in `RIM`.

    Shapes: the image (N, in_channels, H, W), H and W multiples of 2^(levels-1), to a tuple of the encoder's
    and the decoder's maps, each a list over levels of (N, widths[l], H/2^l, W/2^l).
    """

    def __init__(self, in_channels: int = 3, widths: Sequence[int] = PYRAMID_WIDTHS, stacks: int = 2):
        super().__init__()
        pairs = list(pairwise(widths))
        self.shallow = nn.Conv2d(in_channels, widths[0], 3, padding=1)
        self.encoders = nn.ModuleList(_level(width, stacks) for width in widths)
        self.downs = nn.ModuleList(nn.Conv2d(fine, coarse, 3, 2, padding=1) for fine, coarse in pairs)
        self.ups = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in pairs)
        self.decoders = nn.ModuleList(_level(width, stacks) for width in widths)

    def forward(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        encoded = [self.encoders[0](self.shallow(image))]
        for down, encoder in zip(self.downs, self.encoders[1:], strict=True):
            encoded.append(encoder(down(encoded[-1])))

        decoded = [self.decoders[-1](encoded[-1])]
        for level in reversed(range(len(self.ups))):
            # The 1×1 convolution goes first: it is four times cheaper on the coarse level.
            coarse = F.interpolate(self.ups[level](decoded[0]), scale_factor=2, mode="bilinear")
            decoded.insert(0, self.decoders[level](coarse + encoded[level]))
        return encoded, decoded


def _level(width: int, stacks: int) -> nn.Sequential:
    return nn.Sequential(ProcessingBlock(width, stacks), ChannelLayerNorm(width))
