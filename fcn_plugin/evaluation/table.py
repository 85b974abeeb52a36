"""The table at the end of a test."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .metric_names import BASELINE, digits_of, restored_names

WIDEST = 10_000  # characters, of which no table has as many


def results_table(metrics: dict[str, float]) -> Table:
    """Lays metrics named ``DATASET/METRIC`` out with a row per dataset and a column per metric.

    Where a metric was also taken of the blurry images (``DATASET/METRIC-blurry``), its cell reads
    "blurry → restored".
    """
    restored = restored_names(metrics)
    columns = list(dict.fromkeys(name.rpartition("/")[2] for name in restored))
    table = Table()
    table.add_column("dataset")
    for column in columns:
        table.add_column(escape(f"{column} (dB)" if column == "PSNR" else column), justify="right")
    for dataset in dict.fromkeys(name.rpartition("/")[0] for name in restored):
        cells = []
        for column in columns:
            name = f"{dataset}/{column}" if dataset else column
            values = [metrics[key] for key in (name + BASELINE, name) if key in metrics]
            cells.append(" → ".join(f"{value:.{digits_of(column)}f}" for value in values))
        table.add_row(escape(dataset), *cells)
    return table


def print_table(metrics: dict[str, float], title: str) -> None:
    """Prints `results_table` under a line that says what was measured."""
    print(title)
    print_unwrapped(results_table(metrics))


def print_unwrapped(table: Table) -> None:
    """Prints a table as wide as it needs, unless a terminal is narrower."""
    console = Console()
    if not console.is_terminal:
        console.width = Console(width=WIDEST).measure(table).maximum
    console.print(table)
