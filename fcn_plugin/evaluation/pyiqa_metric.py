"""LPIPS, NIQE and all else that the library pyiqa computes, as MMEngine metrics."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from fcn_plugin.errors import InputError, did_you_mean
from fcn_plugin.registry import METRICS

from .image_metric import ImageMetric


@METRICS.register_module()
class PyIQAMetric(ImageMetric):
    """A metric of pyiqa by its name there, such as ``lpips`` or ``niqe``; the score's name is in capitals.

    Like all metrics here it scores images of 8 bits. NIQE and others that judge an image alone need no sharp
    image. Most metrics fetch weights when they are first used; pyiqa keeps them.

    Args:
        metric: One of ``pyiqa.list_models()``.
        baseline: Whether the blurry images are scored too.
        arguments: What ``pyiqa.create_metric`` takes besides, such as ``pretrained_model_path``, a file of
            the weights.
        options: What `ImageMetric` takes.

    Raises:
        InputError: If pyiqa cannot be imported, has no such metric or cannot get its weights.
    """

    def __init__(
        self,
        metric: str,
        baseline: bool = False,
        arguments: Mapping[str, Any] | None = None,
        **options: Any,
    ):
        super().__init__(baseline, **options)
        self.name = metric.upper()
        self.network = _create(metric, arguments or {})
        self.full_reference = self.network.metric_mode == "FR"
        self.lower_is_better = self.network.lower_better

    def score(self, images: Tensor, references: Tensor | None) -> dict[str, Tensor]:
        network = self.network.to(images.device)
        scores = network(*(batch.float() / 255 for batch in (images, references) if batch is not None))
        return {self.name: scores.reshape(len(images))}


def _create(metric: str, arguments: Mapping[str, Any]) -> torch.nn.Module:
    try:
        import pyiqa
    # torchvision, which pyiqa imports, answers with a RuntimeError where it was built for another torch.
    except (ImportError, RuntimeError) as error:
        raise InputError(
            f"The metric {metric!r} comes from pyiqa, which cannot be imported here ({error}); see "
            "docs/metrics.md on how to install it."
        ) from error
    names = pyiqa.list_models()
    if metric not in names:
        raise InputError(f"pyiqa has no metric {metric!r}{did_you_mean(metric, names)}.")
    try:
        return pyiqa.create_metric(metric, device="cpu", **arguments)
    except OSError as error:
        raise InputError(
            f"pyiqa cannot get the weights of {metric!r} ({error}); run it once where the network can be "
            "reached and copy torch's hub folder (~/.cache/torch/hub) from there, or name the file of the "
            "weights: arguments=dict(pretrained_model_path=...)."
        ) from error
