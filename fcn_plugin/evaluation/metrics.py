"""PSNR and SSIM as MMEngine metrics."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from fcn_plugin.registry import METRICS

from .image_metric import ImageMetric
from .psnr import psnr
from .ssim import PROTOCOLS, check_protocols, ssim_by_protocol


@METRICS.register_module()
class PSNR(ImageMetric):
    """``PSNR`` in dB, pooled over RGB."""

    def score(self, images: Tensor, references: Tensor) -> dict[str, Tensor]:
        return {"PSNR": psnr(images, references)}


@METRICS.register_module()
class SSIM(ImageMetric):
    """``SSIM-matlab`` or ``SSIM-per-channel``; for both, one metric takes little more time than for one.

    Args:
        protocol: One of ``fcn_plugin.evaluation.ssim.PROTOCOLS``, or several of them.
        baseline: Whether the blurry images are scored too.
        options: What MMEngine's ``BaseMetric`` takes.

    Raises:
        ValueError: If there is no such protocol.
    """

    def __init__(self, protocol: str | Sequence[str] = PROTOCOLS, baseline: bool = False, **options: Any):
        super().__init__(baseline, **options)
        self.protocols = (protocol,) if isinstance(protocol, str) else tuple(protocol)
        check_protocols(self.protocols)

    def score(self, images: Tensor, references: Tensor) -> dict[str, Tensor]:
        by_protocol = ssim_by_protocol(images, references, self.protocols)
        return {f"SSIM-{protocol}": values for protocol, values in by_protocol.items()}
