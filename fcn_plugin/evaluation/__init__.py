"""Scores of restored images: pure functions of tensors, and the MMEngine metrics around them."""

from .eight_bits import round_to_8_bits
from .metrics import PSNR, SSIM, FullReferenceMetric
from .prediction_field import PredictionField
from .psnr import psnr
from .ssim import ssim

__all__ = ["PSNR", "SSIM", "FullReferenceMetric", "PredictionField", "psnr", "round_to_8_bits", "ssim"]
