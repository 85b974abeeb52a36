"""The network, its losses and the model that MMEngine trains."""

from fcn_plugin import safetensors_loader  # imported to be registered with MMEngine

from .blocks import EFEM, MSAM, RIM, EncoderDecoder, PredictionHead, ProcessingBlock, QueryKeyMechanism
from .data_preprocessor import PairDataPreprocessor
from .deblurring_model import DeblurringModel
from .fcn import FCN
from .global_feature_catcher import GlobalFeatureCatcher
from .local_feature_catcher import LocalFeatureCatcher
from .losses import CharbonnierEdgeLoss, CharbonnierLoss, MultiStageRatioLoss, RMSELoss
from .spandrel_arch import SpandrelArch
from .synthetic_blur_preprocessor import SyntheticBlurPreprocessor
from .with_blocks import WithBlocks

__all__ = [
    "EFEM",
    "FCN",
    "MSAM",
    "RIM",
    "CharbonnierEdgeLoss",
    "CharbonnierLoss",
    "DeblurringModel",
    "EncoderDecoder",
    "GlobalFeatureCatcher",
    "LocalFeatureCatcher",
    "MultiStageRatioLoss",
    "PairDataPreprocessor",
    "PredictionHead",
    "ProcessingBlock",
    "QueryKeyMechanism",
    "RMSELoss",
    "SpandrelArch",
    "SyntheticBlurPreprocessor",
    "WithBlocks",
    "safetensors_loader",
]
