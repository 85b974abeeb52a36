"""From measured figures, as JSON, to a page that people read."""

from collections.abc import Iterable
from typing import Any

from fcn_plugin.markdown import table, versions

HEAD = """\
# Benchmarks

Written by `python tools/benchmark.py --report` from the JSON files in `benchmarks/networks`. Times are
medians of calls that were made in turns and read after the device was done.

- **error**: how far an answer is from plain float32's, ‖answer - reference‖ / ‖reference‖, of the change that
  inference makes in the image, or of all gradients in training.
- **repeats**: whether the same call twice gives the same bits.
- **GMACs**: of convolutions and matrix products for one image of the size that is named, as PyTorch's counter
  and MMEngine's count them.
- **roof**: what share of the rate of a large matrix product in that precision, measured in the same run, the
  network's products reach. A training step counts three times the products of an inference. It is a
  yardstick, no bound: libraries also have convolutions that need fewer products than are counted.
"""
COLUMNS = {
    "network": "l",
    "precision": "l",
    "layout": "l",
    "compiled": "l",
    "checkpointing": "l",
    "ms": "r",
    "± ms": "r",
    "images/s": "r",
    "peak GiB": "r",
    "roof": "r",
    "error": "r",
    "repeats": "l",
}


def benchmark_page(results: Iterable[dict[str, Any]]) -> str:
    """Lays out what `tools/benchmark.py` measured, newest first, as Markdown."""
    newest_first = sorted(results, key=lambda result: result["machine"]["date"], reverse=True)
    return "\n".join([HEAD, *(_section(result) for result in newest_first)])


def _section(result: dict[str, Any]) -> str:
    machine = result["machine"]
    height, width = result["cost_size"]
    modes = " and ".join(dict.fromkeys(row["mode"] for row in result["rows"]))
    lines = [
        f"## {modes.capitalize()} on {machine['device']}, {machine['date']}",
        "",
        f"Commit {machine['commit']}; {machine['threads']} threads on the CPU; {versions(machine)}.",
        "",
        *table(
            ["network", "parameters (M)", f"GMACs at {height}×{width} (PyTorch)", "(MMEngine)"],
            (
                [
                    network,
                    f"{cost['parameters'] / 1e6:.2f}",
                    f"{cost['macs'] / 1e9:.1f}",
                    f"{cost['macs_mmengine'] / 1e9:.1f}",
                ]
                for network, cost in result["costs"].items()
            ),
        ),
    ]
    shapes = dict.fromkeys((row["mode"], row["batch"], *row["size"]) for row in result["rows"])
    for mode, batch, height, width in shapes:
        lines += ["", f"### {mode.capitalize()}, {batch} × {height}×{width}", ""]
        rows = (
            _cells(row, result)
            for row in result["rows"]
            if (row["mode"], row["batch"], *row["size"]) == (mode, batch, height, width)
        )
        lines += table(list(COLUMNS), rows, "".join(COLUMNS.values()))
    return "\n".join([*lines, ""])


def _cells(row: dict[str, Any], result: dict[str, Any]) -> list[str]:
    way = [
        row["network"],
        row["precision"],
        "channels last" if row["channels_last"] else "contiguous",
        "" if row["compile"] == "eager" else row["compile"],
        "yes" if row["checkpointing"] else "",
    ]
    if "failed" in row:
        return [*way, row["failed"], *[""] * (len(COLUMNS) - len(way) - 1)]
    return [
        *way,
        f"{1e3 * row['median_s']:.1f}",
        f"{1e3 * row['iqr_s'] / 2:.1f}",
        f"{row['images_per_s']:.2f}",
        "" if row["peak_memory_bytes"] is None else f"{row['peak_memory_bytes'] / 2**30:.2f}",
        f"{_operations_per_second(row, result) / _roof(row, result):.0%}",
        f"{row['relative_error']:.1e}",
        "yes" if row["repeats"] else "no",
    ]


def _operations_per_second(row: dict[str, Any], result: dict[str, Any]) -> float:
    pixels, counted = (height * width for height, width in (row["size"], result["cost_size"]))
    passes = 3 if row["mode"] == "training" else 1
    return 2 * passes * result["costs"][row["network"]]["macs"] * pixels / counted * row["images_per_s"]


def _roof(row: dict[str, Any], result: dict[str, Any]) -> float:
    return result["matrix_rates"][row["precision"].removeprefix("amp-")]
