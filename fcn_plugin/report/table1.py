"""The paper's Table 1, with what was measured here beside what was published."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fcn_plugin.evaluation.metric_names import HIGHER, LOWER, digits_of
from fcn_plugin.markdown import table

from .comparison import AVERAGE, METRICS, PAPER_DATASETS, PSNR, Row, datasets_of, metrics_of
from .model_cards import PUBLISHED, UNKNOWN_SSIM

HEAD = """\
# Table 1

Written by `python tools/report.py table1`.

"""
EXPLANATION = """\
A published row was printed by others; a measured one is from `python tools/test.py`. PSNR is in dB. SSIM is
several measures, and each has its own columns: SSIM-matlab and SSIM-per-channel as the README describes them,
SSIM-unknown where authors do not say. Of these more is better; other metrics have an arrow that points where
better is. Averages are computed from the row, and halves are rounded up.
"""
ARROWS = {HIGHER: "↑", LOWER: "↓"}


def table1(rows: Sequence[Row]) -> str:
    """Lays the rows out as Markdown: GoPro, HIDE and their average as in the paper, then other datasets."""
    return f"{HEAD}{result_tables(rows)}"


def result_tables(rows: Sequence[Row], level: str = "##") -> str:
    """The tables without a title, under headings of a level, and where each row is from."""
    lines = [EXPLANATION, *_table(rows, [*PAPER_DATASETS, AVERAGE]), ""]
    for dataset in datasets_of(rows):
        if dataset not in PAPER_DATASETS:
            lines += [f"{level} {dataset}", "", *_table(rows, [dataset]), ""]
    lines += [f"{level} Where the rows come from", ""]
    for row in rows:
        weights = "" if row.sha256 is None else f" (sha256 `{row.sha256[:12]}`)"
        lines.append(f"- **{row.method}**, {row.origin}: {row.source}{weights}; {row.protocol}.")
    return "\n".join([*lines, ""])


def table1_data(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The same as JSON's types, with every digit."""
    return [
        {
            "method": row.method,
            "origin": row.origin,
            "scores": row.scores,
            "average": {
                metric: value
                for metric in metrics_of([row])
                if (value := row.score(AVERAGE, metric)) is not None
            },
            "better": dict(row.better),
            "protocol": row.protocol,
            "source": row.source,
            "sha256": row.sha256,
        }
        for row in rows
    ]


def _table(rows: Sequence[Row], datasets: Sequence[str]) -> list[str]:
    rows = [row for row in rows if any(dataset in row.scores for dataset in datasets)]
    columns = [
        (dataset, metric)
        for dataset in datasets
        for metric in metrics_of(rows)
        if any(row.score(dataset, metric) is not None for row in rows)
    ]
    better = {name: value for row in rows for name, value in row.better.items() if name not in METRICS}
    names = (f"{metric} {ARROWS[better[metric]]}" if metric in better else metric for _, metric in columns)
    heads = [
        f"{dataset} {name}" if len(datasets) > 1 else name
        for (dataset, _), name in zip(columns, names, strict=True)
    ]
    cells = (
        [row.method, row.origin, *(_cell(row, dataset, metric) for dataset, metric in columns)]
        for row in rows
    )
    return table(["method", "origin", *heads], cells, "ll".ljust(len(heads) + 2, "r"))


def _cell(row: Row, dataset: str, metric: str) -> str:
    value = row.score(dataset, metric)
    if value is None:
        return ""
    # Published SSIMs have three digits; more would be made up.
    digits = digits_of(metric)
    if metric != PSNR and (row.origin == PUBLISHED or metric == UNKNOWN_SSIM):
        digits = 3
    return str(Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
