"""Figures and tables as the pages on benchmarks show them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table of Markdown, numbers in all columns but the first."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---", *["--:"] * (len(head) - 1)], *rows)]


def figures(summary: Mapping[str, float]) -> str:
    """Median, with the lowest and the highest in brackets, to three digits."""
    median, lowest, highest = (_short(summary[name]) for name in ("median", "lowest", "highest"))
    return f"{median} ({lowest}–{highest})"


def versions(machine: Mapping[str, Any]) -> str:
    """The packages of `machine_facts` with their versions, in a line."""
    return ", ".join(f"{name} {version}" for name, version in machine["versions"].items())


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
