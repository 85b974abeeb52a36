"""The table at the end of a test."""

from rich.console import Console
from rich.table import Table

from .metric_names import BASELINE, digits_of, restored_names


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
        table.add_column(f"{column} (dB)" if column == "PSNR" else column, justify="right")
    for dataset in dict.fromkeys(name.rpartition("/")[0] for name in restored):
        cells = []
        for column in columns:
            name = f"{dataset}/{column}" if dataset else column
            values = [metrics[key] for key in (name + BASELINE, name) if key in metrics]
            cells.append(" → ".join(f"{value:.{digits_of(column)}f}" for value in values))
        table.add_row(dataset, *cells)
    return table


def print_table(metrics: dict[str, float], title: str) -> None:
    """Prints `results_table` under a line that says what was measured."""
    print(title)
    result_console().print(results_table(metrics))


def result_console() -> Console:
    """A console for tables, as wide as they need where the output is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=160)
