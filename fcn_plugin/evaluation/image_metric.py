"""What all metrics of images share: one small record per image, one mean per dataset."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from fcn_plugin.errors import InputError

from .metric_names import BASELINE
from .prediction_field import PredictionField


class ImageMetric(BaseMetric):
    """Scores restored images, rounded to 8 bits, most often against sharp ones, and averages by dataset.

    A data sample holds ``pred_img`` (3, H, W), floating point RGB in [0, 1] on any device; ``gt_img``
    (3, H, W), uint8 RGB, where the metric compares; ``key``, the image's name; and where there is one
    ``dataset``, the name of its dataset. Results are named ``DATASET/SCORE``, or ``SCORE`` where samples name
    no dataset; those of the blurry images, ``data_batch["inputs"]`` as uint8 RGB, are named
    ``DATASET/SCORE-blurry``.

    Args:
        baseline: Whether the blurry images are scored too.
        collect_device: ``"gpu"`` sends the records between the processes, whatever devices they run on;
            ``"cpu"``, MMEngine's default, has them meet in a folder that all machines must share.
        prediction: Fields of `PredictionField`, for models that leave their images elsewhere.
        options: What MMEngine's ``BaseMetric`` takes.

    Attributes:
        full_reference: Whether images are compared with sharp ones; where not, samples need none.
        lower_is_better: Whether a smaller score is of a better image.
        records: After an evaluation, on the first process, what it averaged: for each image of the dataset,
            in its order, ``{"dataset": name or None, "key": name, "scores": {name: value}}``.
    """

    full_reference = True
    lower_is_better = False

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
        self.records: list[dict] = []

    @abstractmethod
    def score(self, images: Tensor, references: Tensor | None) -> dict[str, Tensor]:
        """Maps uint8 images (B, 3, H, W), and references likewise, to the scores (B,) by their names.

        The references are None where the metric has no ``full_reference``.
        """

    def score_names(self) -> list[str]:
        """The names of its scores, without a dataset's: those that an image of noise gets."""
        noise = torch.randint(0, 256, (1, 3, 256, 256), dtype=torch.uint8, generator=torch.Generator())
        names = list(self.score(noise, noise if self.full_reference else None))
        return names + [f"{name}{BASELINE}" for name in names if self.baseline]

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
                scores.update({f"{name}{BASELINE}": score for name, score in baseline.items()})
        self.results.extend(
            {"dataset": sample.get("dataset"), "key": sample["key"], "scores": scores}
            for sample, scores in zip(data_samples, all_scores, strict=True)
        )

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """The mean of every score over the records of each dataset."""
        self.records = results
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
            if self.full_reference and image.shape != sample["gt_img"].shape:
                raise InputError(
                    f"The {kind} for {sample['key']} is {_size(image)} pixels but its sharp image is "
                    f"{_size(sample['gt_img'])}; both must have one size."
                )
            positions_by_shape.setdefault(image.shape, []).append(position)
        all_scores: list[dict[str, float]] = [{} for _ in images]
        for positions in positions_by_shape.values():
            batch = _stack([images[position] for position in positions])
            references = None
            if self.full_reference:
                sharp = _stack([data_samples[position]["gt_img"] for position in positions])
                references = sharp.to(batch.device)
            for name, scores in self.score(batch, references).items():
                for position, score in zip(positions, scores.tolist(), strict=True):
                    all_scores[position][name] = score
        return all_scores


def _size(image: Tensor) -> str:
    return "x".join(str(side) for side in image.shape)


def _stack(images: Sequence[Tensor]) -> Tensor:
    """A batch, which of one image is no copy."""
    return images[0][None] if len(images) == 1 else torch.stack(images)
