"""Scores of restored images: pure functions of tensors, and the MMEngine metrics around them."""

from .eight_bits import round_to_8_bits
from .image_metric import ImageMetric
from .metrics import PSNR, SSIM
from .prediction_field import PredictionField
from .psnr import psnr
from .pyiqa_metric import PyIQAMetric
from .ssim import ssim

__all__ = ["PSNR", "SSIM", "ImageMetric", "PredictionField", "PyIQAMetric", "psnr", "round_to_8_bits", "ssim"]
