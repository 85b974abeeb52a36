"""From measured figures, as JSON, to a page that people read."""

from typing import Any

from fcn_plugin.markdown import circumstances, figures, table

from .bounds import BOUNDS
from .readers import READERS

HEAD = """\
# How fast pairs are read

Written by `python tools/benchmark_data.py`. All readers read the same pairs and were first checked to give
the same pixels, augmentation included. They were measured in turns: a figure is the median of all turns,
with the lowest and the highest in brackets. Crops are drawn, mirrored and turned at random as in
configs/fcn_gopro.py; whole images are as for validation.
"""


def data_page(result: dict[str, Any]) -> str:
    """Lays out what `compare` returned as Markdown."""
    sections = (_facts, _one_core, _bounds, _loader, _cold)
    return "\n".join([HEAD, *(line for section in sections for line in [*section(result), ""])])


def _facts(result: dict[str, Any]) -> list[str]:
    machine, data, turns, crop = (result[name] for name in ("machine", "data", "turns", "crop"))
    sizes = ", ".join(f"{height}×{width}" for height, width in data["sizes"])
    megabytes = {name: size / 1e6 for name, size in data["bytes_per_image"].items()}
    return [
        f"- {circumstances(machine)}.",
        f"- {data['pairs']} pairs of {sizes} from {', '.join(data['folders'])}; an image takes "
        f"{megabytes['png']:.2f} MB as PNG, {megabytes['raw']:.2f} MB raw.",
        f"- {turns['rounds']} turns of at least {turns['seconds']:g} s; crops are {crop}×{crop}.",
    ]


def _one_core(result: dict[str, Any]) -> list[str]:
    rows: dict[str, list[str]] = {name: [f"({name}) {reader}"] for name, reader in READERS.items()}
    for row in result["one_core"]:
        rows[row["reader"]] += [figures(row["pairs_per_s"]), figures(row["times_b"])]
    return [
        "## On one core",
        "",
        "Pairs per second of processor time of one thread, all files in the page cache.",
        "",
        *table(["reader", "crops", "× (b)", "whole images", "× (b)"], rows.values()),
    ]


def _bounds(result: dict[str, Any]) -> list[str]:
    alone = {name: 1e6 / figures["median"] for name, figures in result["bounds"].items()}
    taken = {(row["reader"], row["images"]): 1e6 / row["pairs_per_s"]["median"] for row in result["one_core"]}
    gigabytes = 2 * 3 * result["crop"] ** 2 / 1e3  # per second, when divided by microseconds
    crops, whole = taken["d", "crops"], taken["d", "whole"]
    rest = crops - alone["copy crops"] - alone["python"]
    milliseconds = ", ".join(f"({reader}) {taken[reader, 'crops'] / 1e3:.1f}" for reader in "abc")
    rows = ([BOUNDS[name], _microseconds(figures)] for name, figures in result["bounds"].items())
    return [
        "## What bounds it",
        "",
        *table(["alone", "µs per pair"], rows),
        "",
        f"- A pair of crops takes {milliseconds} ms; decoding alone takes {alone['decode'] / 1e3:.1f} ms, "
        "since a PNG file can only be decoded from its start.",
        f"- A pair of crops takes (d) {crops:.0f} µs: {alone['copy crops']:.0f} to copy the rows, at "
        f"{gigabytes / alone['copy crops']:.1f} GB/s where one long piece is copied at "
        f"{gigabytes / alone['copy memory']:.1f}; {alone['python']:.0f} of Python; {rest:.0f} to mirror and "
        "turn what was copied.",
        f"- A pair of whole images takes (d) {whole:.0f} µs, {alone['copy whole']:.0f} of them the copy.",
    ]


def _loader(result: dict[str, Any]) -> list[str]:
    rows: dict[tuple, list[str]] = {}
    for row in result["loader"]:
        names = f"({row['reader']})", row["collate"].rpartition(".")[2], str(row["workers"])
        rows.setdefault(names, list(names)).append(figures(row["pairs_per_s"]))
    batches = dict.fromkeys(row["batch"] for row in result["loader"])
    return [
        "## Through a loader",
        "",
        "Pairs of crops per second that MMEngine's loader hands over, by its workers and its batch:",
        "`pseudo_collate`, MMEngine's default, hands over lists of tensors, `collate_pairs` stacks them",
        "first. With 0 workers nothing goes from one process to another.",
        "",
        *table(["reader", "collate", "workers", *(f"batch {batch}" for batch in batches)], rows.values()),
    ]


def _cold(result: dict[str, Any]) -> list[str]:
    rows: dict[str, list[str]] = {name: [f"({name})"] for name in READERS}
    for row in result["cold"]:
        megabytes = row["bytes_from_disk"]["median"] / 1e6
        rows[row["reader"]] += [figures(row["pairs_per_s"]), f"{megabytes:.0f}"]
    return [
        "## From a cold page cache",
        "",
        f"Pairs per second when every pair is read once, in each of {result['cold_rounds']} passes, after",
        "the system was told to forget the files (`posix_fadvise` with `POSIX_FADV_DONTNEED`), and what came",
        "from the disk.",
        "",
        *table(["reader", "crops", "MB from disk", "whole images", "MB from disk"], rows.values()),
    ]


def _microseconds(rates: dict[str, float]) -> str:
    reverse = {"median": "median", "lowest": "highest", "highest": "lowest"}
    return figures({name: 1e6 / rates[other] for name, other in reverse.items()})
