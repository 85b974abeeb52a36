"""The rows of the paper's comparison: what others published, and what was measured here."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from fcn_plugin.evaluation.metric_names import BLURRY, baselines, restored_names
from fcn_plugin.project import short_path

from .measurement import Measurement, read_measurements
from .model_cards import MEASURED, PUBLISHED, UNKNOWN_SSIM, ModelCard, read_model_cards

PAPER_DATASETS = ("GoPro", "HIDE")
AVERAGE = "Average"
PSNR = "PSNR"
METRICS = (PSNR, "SSIM-matlab", "SSIM-per-channel", UNKNOWN_SSIM)
"""In the order of their columns: PSNR first, and each SSIM by itself; others come after these."""


@dataclass(frozen=True)
class Row:
    """One method's mean scores, ``{dataset: {metric: value}}``, and in words how and where they came about.

    Scores of the blurry images may be among them, as ``METRIC-blurry``; they are no part of the row's own. A
    row that is not ``restored`` is of the blurry images alone. ``better`` says of metrics whether ``higher``
    or ``lower`` is better.
    """

    method: str
    origin: str
    scores: dict[str, dict[str, float]]
    protocol: str
    source: str
    sha256: str | None = None
    restored: bool = True
    better: Mapping[str, str] = field(default_factory=dict)

    def score(self, dataset: str, metric: str) -> float | None:
        """A score, or its mean over the paper's datasets for `AVERAGE`; None where it is not known."""
        if dataset != AVERAGE:
            return self.scores.get(dataset, {}).get(metric)
        values = [self.score(name, metric) for name in PAPER_DATASETS]
        if None in values:
            return None
        # Of the digits that are printed: in binary, halves between two last digits are lost.
        return float(sum(Decimal(str(value)) for value in values) / len(values))


def comparison_rows(cards: Iterable[ModelCard], measured: Sequence[Row]) -> list[Row]:
    """Published rows as the paper has them, its own last; then the blurry images and what was measured."""
    cards = sorted(cards, key=lambda card: card.collection.name == "FCN")
    published = (_card_row(card, PUBLISHED) for card in cards)
    return [*filter(None, published), *_blurry(measured), *measured]


def read_rows(results: Sequence[str]) -> list[Row]:
    """All rows of this project's cards and of results files, which are named as for `read_measurements`."""
    return comparison_rows(read_model_cards(), list(map(measurement_row, read_measurements(results))))


def measurement_row(measurement: Measurement) -> Row:
    """The row of a results file."""
    return Row(
        method=measurement.name,
        origin=MEASURED,
        scores=measurement.scores,
        protocol=measurement.protocol,
        source=f"{short_path(measurement.path)}, of {measurement.config} with {measurement.checkpoint}",
        sha256=measurement.sha256,
        better=measurement.better,
    )


def card_rows(cards: Iterable[ModelCard]) -> list[Row]:
    """The rows of what cards hold of measurements."""
    return list(filter(None, (_card_row(card, MEASURED) for card in cards)))


def datasets_of(rows: Iterable[Row]) -> list[str]:
    """The datasets that any of the rows has scores on."""
    return list(dict.fromkeys(dataset for row in rows for dataset in row.scores))


def metrics_of(rows: Iterable[Row]) -> list[str]:
    """The metrics that any of the rows has, `METRICS` first, then the others in order of their names."""
    found = {name for row in rows for scores in row.scores.values() for name in restored_names(scores)}
    return [name for name in METRICS if name in found] + sorted(found.difference(METRICS))


def _card_row(card: ModelCard, origin: str) -> Row | None:
    results = [result for result in card.results if result.origin == origin]
    if not results:
        return None
    return Row(
        method=card.name,
        origin=origin,
        scores={result.dataset: dict(result.metrics) for result in results},
        protocol="; ".join(dict.fromkeys(result.protocol for result in results)),
        source="; ".join(dict.fromkeys(result.source or str(card.config) for result in results)),
        sha256=results[0].sha256,
        better={name: value for result in results for name, value in (result.better or {}).items()},
    )


def _blurry(measured: Sequence[Row]) -> Iterator[Row]:
    """The images before restoration, as often as there are different ones: their scores tell them apart."""
    found: list[tuple[dict[str, dict[str, float]], list[Row]]] = []
    for row in measured:
        of_row = {dataset: baselines(scores) for dataset, scores in row.scores.items()}
        if not any(of_row.values()):
            continue
        for known, rows in found:
            if _agree(known, of_row):
                for dataset, scores in of_row.items():
                    known.setdefault(dataset, {}).update(scores)
                rows.append(row)
                break
        else:
            found.append((of_row, [row]))
    for scores, rows in found:
        methods = "; ".join(row.method for row in rows)
        yield Row(
            method=BLURRY if len(found) == 1 else f"{BLURRY} ({methods})",
            origin=MEASURED,
            scores=scores,
            protocol="before restoration",
            source=f"with {methods}",
            restored=False,
            better={name: value for row in rows for name, value in row.better.items()},
        )


def _agree(known: dict[str, dict[str, float]], other: dict[str, dict[str, float]]) -> bool:
    return all(
        math.isclose(value, known[dataset].get(metric, value), abs_tol=1e-4)
        for dataset in known.keys() & other.keys()
        for metric, value in other[dataset].items()
    )
