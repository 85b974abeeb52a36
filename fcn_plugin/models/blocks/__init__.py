"""The boxes of Figs. 2 to 5, each useful alone: ``in_channels`` first, tensors in, tensors out."""

from .efem import EFEM, ChannelLayerNorm
from .encoder_decoder import EncoderDecoder
from .msam import MSAM
from .prediction_head import PredictionHead
from .processing_block import ProcessingBlock
from .query_key import QueryKeyMechanism
from .rim import RIM

__all__ = [
    "EFEM",
    "MSAM",
    "RIM",
    "ChannelLayerNorm",
    "EncoderDecoder",
    "PredictionHead",
    "ProcessingBlock",
    "QueryKeyMechanism",
]
