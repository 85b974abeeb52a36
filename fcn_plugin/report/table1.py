"""The paper's Table 1, with what was measured here beside what was published."""

from collections.abc import Iterable, Sequence
from typing import Any

from .comparison import AVERAGE, METRICS, PAPER_DATASETS, Row, datasets_of
from .model_cards import PUBLISHED, UNKNOWN_SSIM

HEAD = """\
# Table 1

Written by `python tools/report.py table1`.

"""
EXPLANATION = """\
A published row was printed by others; a measured one is from `python tools/test.py`. PSNR is in dB. SSIM is
several measures, and each has its own columns: SSIM-matlab and SSIM-per-channel as the README describes them,
SSIM-unknown where authors do not say. Averages are computed from the row.
"""


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
                metric: value for metric in METRICS if (value := row.score(AVERAGE, metric)) is not None
            },
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
        for metric in METRICS
        if any(row.score(dataset, metric) is not None for row in rows)
    ]
    heads = [f"{dataset} {metric}" if len(datasets) > 1 else metric for dataset, metric in columns]
    lines = [f"| {' | '.join(['method', 'origin', *heads])} |", "|---|---|" + "--:|" * len(columns)]
    for row in rows:
        cells = [_cell(row, dataset, metric) for dataset, metric in columns]
        lines.append(f"| {' | '.join([row.method.replace('|', '/'), row.origin, *cells])} |")
    return lines


def _cell(row: Row, dataset: str, metric: str) -> str:
    value = row.score(dataset, metric)
    if value is None:
        return ""
    # Published SSIMs have three digits; more would be made up.
    digits = 2 if metric == "PSNR" else 3 if row.origin == PUBLISHED or metric == UNKNOWN_SSIM else 4
    return f"{value:.{digits}f}"
