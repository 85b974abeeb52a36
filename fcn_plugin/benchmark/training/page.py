"""From what comparisons have measured, as JSON, to a page that people read."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fcn_plugin.evaluation.metric_names import baselines, digits_of, psnr_of, restored_names
from fcn_plugin.markdown import table, versions

HEAD = """\
# Equal time on the same data

Written by `python tools/compare.py` from the JSON files in `benchmarks`. Each network is trained for the same
time on the same pairs, in the same order, by the same optimizer, with the same crops, batch and criterion,
and is validated at the same times. The clock counts training alone: data included, validation and checkpoints
not. The learning rate warms up, then falls along a cosine that ends with the time, whatever number of images
that is; so what a curve shows midway is not what a shorter training would have ended with.
"""
COLUMNS = (
    "network",
    "parameters (M)",
    "GMACs",
    "learning rate",
    "images seen",
    "images/s",
    "peak memory (MiB)",
)


def comparison_page(results: Mapping[str, Mapping[str, Any]], pictures: Mapping[str, str]) -> str:
    """Lays out what `tools/compare.py` measured, by name, as Markdown.

    ``pictures`` are the files of the plots by the same names, relative to the page.
    """
    sections = (_section(name, result, pictures[name]) for name, result in results.items())
    return "\n".join([HEAD, *sections])


def _section(name: str, result: Mapping[str, Any], picture: str) -> str:
    runs = result["runs"]
    first = runs[0]
    metric = psnr_of(first["metrics"])
    metrics = restored_names(first["metrics"])
    by_network: dict[str, list[Mapping[str, Any]]] = {}
    for run in runs:
        by_network.setdefault(run["network"], []).append(run)
    best_first = sorted(by_network.values(), key=lambda found: -_mean(found, metric))
    height, width = first["cost_size"]
    return "\n".join(
        [
            f"## {name.removeprefix('comparison_')}",
            "",
            f"![{metric} over time and over images seen]({picture})",
            "",
            _words(best_first, metric),
            "",
            *table([*COLUMNS, *metrics], (_cells(found, metrics) for found in best_first)),
            "",
            f"GMACs are of one {height}×{width} image. Peak memory is that of the "
            f"{'GPU' if 'cuda' in first['machine']['versions'] else 'whole process'} before the first "
            "validation.",
            "",
            f"- Widths and rates: {', '.join(result['configs'])}, which tells how they were chosen.",
            f"- {first['training']}; {first['optimizer']}, {first['precision']}",
            *(f"- {line}" for line in dict.fromkeys(_machine(run["machine"]) for run in runs)),
            "",
        ]
    )


def _words(best_first: Sequence[Sequence[Mapping[str, Any]]], metric: str) -> str:
    """Who is where at the end, and what that does not show."""
    runs = [run for found in best_first for run in found]
    budget = runs[0]["budget"]
    highest = _mean(best_first[0], metric)
    ranks = [f"{best_first[0][0]['network']} has {highest:.2f} dB"]
    for found in best_first[1:]:
        mean = _mean(found, metric)
        ranks.append(f"{found[0]['network']} {mean:.2f} dB ({mean - highest:+.2f})")
    words = [f"After {budget['seconds'] / 60:g} minutes of {budget['clock']} time {', '.join(ranks)}."]
    blurry = baselines(runs[0]["metrics"]).get(metric)
    if blurry is not None:
        words.append(f"The blurry images have {blurry:.2f} dB.")
        below = [found[0]["network"] for found in best_first if _mean(found, metric) < blurry]
        if below:
            words.append(f"For {' and '.join(below)} the time is too short to get that far.")
    seeds = len(best_first[0])
    if seeds == 1:
        words.append("It is one seed: differences no larger than the ups and downs of a curve show nothing.")
    else:
        words.append(f"Figures are means of {seeds} seeds ± their standard deviation.")
    return " ".join(words)


def _cells(found: Sequence[Mapping[str, Any]], metrics: Iterable[str]) -> list[str]:
    first, records = found[0], [run["record"] for run in found]
    memory = [record["peak_memory_bytes"] for record in records if record["peak_memory_bytes"] is not None]
    return [
        first["network"],
        f"{first['costs']['parameters'] / 1e6:.2f}",
        f"{first['costs']['macs'] / 1e9:.2f}",
        f"{first['learning_rate']:g}",
        f"{statistics.mean(record['images'] for record in records):.0f}",
        f"{statistics.mean(record['images'] / record['seconds'] for record in records):.2f}",
        f"{max(memory) / 2**20:.0f}" if memory else "",
        *(_value(found, name) for name in metrics),
    ]


def _mean(found: Iterable[Mapping[str, Any]], name: str) -> float:
    return statistics.mean(run["metrics"][name] for run in found)


def _value(found: Sequence[Mapping[str, Any]], name: str) -> str:
    digits = digits_of(name)
    values = [run["metrics"][name] for run in found]
    spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{spread}"


def _machine(machine: Mapping[str, Any]) -> str:
    return (
        f"{machine['device']}, {machine['threads']} threads on the CPU; {machine['date']}, commit "
        f"{machine['commit']}; {versions(machine)}"
    )
