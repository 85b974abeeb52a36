"""What is measured: scores of a pair of images, by this package and by others that are installed."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

from torch import Tensor

from fcn_plugin.evaluation import PSNR, SSIM, psnr, ssim
from fcn_plugin.evaluation.ssim import ssim_by_protocol

ALL_THREE = "fcn_plugin: PSNR and both SSIMs"
AS_METRICS = "fcn_plugin: the MMEngine metrics PSNR and SSIM, from float images on"
PER_CHANNEL = "fcn_plugin: SSIM per-channel"
SKIMAGE = "scikit-image: SSIM as it is by default (flat 7×7 window)"
SKIMAGE_GAUSSIAN = "scikit-image: SSIM per-channel"
TORCHMETRICS = "torchmetrics: SSIM per-channel, with reflected borders"
GAUSSIAN = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}


def scorers(images: Tensor, references: Tensor) -> dict[str, Callable[[], object]]:
    """All that can score these images, uint8 RGB (B, 3, H, W), on their device, by their names."""
    pair = images, references
    samples = [
        {"pred_img": image.float() / 255, "gt_img": reference, "key": "benchmark"}
        for image, reference in zip(images, references, strict=True)
    ]
    found = {
        "fcn_plugin: PSNR": partial(psnr, *pair),
        "fcn_plugin: SSIM matlab": partial(ssim, *pair),
        PER_CHANNEL: partial(ssim, *pair, "per-channel"),
        ALL_THREE: partial(_all_three, *pair),
        AS_METRICS: partial(_as_metrics, samples),
    }
    if images.device.type == "cpu":
        found |= {SKIMAGE: partial(_skimage, *pair), SKIMAGE_GAUSSIAN: partial(_skimage, *pair, **GAUSSIAN)}
    if find_spec("torchmetrics"):
        found[TORCHMETRICS] = partial(_torchmetrics, *pair)
    return found


def _all_three(images: Tensor, references: Tensor) -> None:
    psnr(images, references)
    ssim_by_protocol(images, references)


def _as_metrics(samples: list[dict]) -> None:
    for metric in (PSNR(), SSIM()):
        metric.process(None, samples)


def _skimage(images: Tensor, references: Tensor, **options) -> list[float]:
    from skimage.metrics import structural_similarity

    return [
        structural_similarity(image.numpy(), reference.numpy(), data_range=255, channel_axis=0, **options)
        for image, reference in zip(images, references, strict=True)
    ]


def _torchmetrics(images: Tensor, references: Tensor) -> Tensor:
    from torchmetrics.functional.image import structural_similarity_index_measure

    return structural_similarity_index_measure(images.float(), references.float(), data_range=255.0)
