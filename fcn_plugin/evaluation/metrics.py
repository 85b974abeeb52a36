"""PSNR and SSIM as MMEngine metrics: one small record per image, one mean per dataset."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from fcn_plugin.errors import InputError
from fcn_plugin.registry import METRICS

from .prediction_field import PredictionField
from .psnr import psnr
from .ssim import PROTOCOLS, check_protocols, ssim_by_protocol


class FullReferenceMetric(BaseMetric):
    """Scores restored images against sharp ones, rounded to 8 bits, and averages by dataset.

    A data sample holds ``pred_img`` (3, H, W), floating point RGB in [0, 1] on any device; ``gt_img``
    (3, H, W), uint8 RGB; ``key``, the image's name; and where there is one ``dataset``, the name of its
    dataset. Results are named ``DATASET/SCORE``, or ``SCORE`` where samples name no dataset; those of the
    blurry images, ``data_batch["inputs"]`` as uint8 RGB, are named ``DATASET/SCORE-blurry``.

    Args:
        baseline: Whether the blurry images are scored too.
        collect_device: ``"gpu"`` sends the records between the processes, whatever devices they run on;
            ``"cpu"``, MMEngine's default, has them meet in a folder that all machines must share.
        prediction: Fields of `PredictionField`, for models that leave their images elsewhere.
        options: What MMEngine's ``BaseMetric`` takes.
    """

    # Not None, which MMEngine warns about: the dataset's name is prefix enough.
    default_prefix = ""

    def __init__(
        self,
        baseline: bool = False,
        collect_device: str = "gpu",
        prediction: Mapping[str, Any] | None = None,
        **options: Any,
    ):
        super().__init__(collect_device=collect_device, **options)
        self.baseline = baseline
        self.prediction = PredictionField(**(prediction or {}))

    @abstractmethod
    def score(self, images: Tensor, references: Tensor) -> dict[str, Tensor]:
        """Maps uint8 images and references (B, 3, H, W) to the scores (B,) by their names."""

    def process(self, data_batch: dict[str, Any] | None, data_samples: Sequence[dict]) -> None:
        """Adds one record per sample: its dataset, its key and its scores by name.

        Raises:
            InputError: If a prediction has NaN or infinite values, or another size than its sharp image.
        """
        predictions = [self.prediction.read(sample) for sample in data_samples]
        all_scores = self._score_each("prediction", predictions, data_samples)
        if self.baseline:
            blurry = [
                image.to(prediction.device)
                for image, prediction in zip(data_batch["inputs"], predictions, strict=True)
            ]
            baselines = self._score_each("blurry image", blurry, data_samples)
            for scores, baseline in zip(all_scores, baselines, strict=True):
                scores.update({f"{name}-blurry": score for name, score in baseline.items()})
        self.results.extend(
            {"dataset": sample.get("dataset"), "key": sample["key"], "scores": scores}
            for sample, scores in zip(data_samples, all_scores, strict=True)
        )

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """The mean of every score over the records of each dataset."""
        values: dict[str, list[float]] = {}
        for record in results:
            for name, score in record["scores"].items():
                full_name = f"{record['dataset']}/{name}" if record["dataset"] else name
                values.setdefault(full_name, []).append(score)
        return {name: sum(scores) / len(scores) for name, scores in values.items()}

    def _score_each(
        self, kind: str, images: Sequence[Tensor], data_samples: Sequence[dict]
    ) -> list[dict[str, float]]:
        """One dictionary of scores per image, in their order; images of one size are scored together."""
        positions_by_shape: dict[torch.Size, list[int]] = {}
        for position, (image, sample) in enumerate(zip(images, data_samples, strict=True)):
            if image.shape != sample["gt_img"].shape:
                raise InputError(
                    f"The {kind} for {sample['key']} is {_size(image)} pixels but its sharp image is "
                    f"{_size(sample['gt_img'])}; both must have one size."
                )
            positions_by_shape.setdefault(image.shape, []).append(position)
        all_scores: list[dict[str, float]] = [{} for _ in images]
        for positions in positions_by_shape.values():
            batch = torch.stack([images[position] for position in positions])
            references = torch.stack([data_samples[position]["gt_img"] for position in positions])
            for name, scores in self.score(batch, references.to(batch.device)).items():
                for position, score in zip(positions, scores.tolist(), strict=True):
                    all_scores[position][name] = score
        return all_scores


@METRICS.register_module()
class PSNR(FullReferenceMetric):
    """``PSNR`` in dB, pooled over RGB."""

    def score(self, images: Tensor, references: Tensor) -> dict[str, Tensor]:
        return {"PSNR": psnr(images, references)}


@METRICS.register_module()
class SSIM(FullReferenceMetric):
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


def _size(image: Tensor) -> str:
    return "x".join(str(side) for side in image.shape)
