"""Figures and tables as the written pages show them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

ALIGNMENT = {"l": "---", "r": "--:"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]], columns: str | None = None) -> list[str]:
    """The lines of a table of Markdown.

    ``columns`` has an ``l`` for each column of text and an ``r`` for each of numbers, which are set to the
    right; without it, all but the first are numbers.
    """
    columns = columns or "l".ljust(len(head), "r")
    rule = f"|{'|'.join(ALIGNMENT[column] for column in columns)}|"
    return [_line(head), rule, *map(_line, rows)]


def figures(summary: Mapping[str, float]) -> str:
    """Median, with the lowest and the highest in brackets, to three digits."""
    median, lowest, highest = (_short(summary[name]) for name in ("median", "lowest", "highest"))
    return f"{median} ({lowest}–{highest})"


def versions(machine: Mapping[str, Any]) -> str:
    """The packages of `machine_facts` with their versions, in a line."""
    return ", ".join(f"{name} {version}" for name, version in machine["versions"].items())


def circumstances(machine: Mapping[str, Any]) -> str:
    """What a figure must say of where and with what it was measured, out of `machine_facts`, in a line.

    Of a machine whose ``cores`` are told, the threads are not: they differ from figure to figure.
    """
    unit = "cores" if "cores" in machine else "threads"
    return (
        f"{machine['device']}, {machine[unit]} {unit}; {machine['date']}, commit {machine['commit']}; "
        f"{versions(machine)}"
    )


def _line(cells: Iterable[str]) -> str:
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
