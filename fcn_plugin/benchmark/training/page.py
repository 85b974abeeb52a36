"""From what comparisons have measured, as JSON, to a page that people read."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fcn_plugin.evaluation.metric_names import baselines, digits_of, psnr_of, restored_names
from fcn_plugin.markdown import table, versions

HEAD = """\
# Training for equal time

Written by `python tools/compare.py` from the JSON files in `benchmarks`. Its clock counts training alone:
data included, validation and checkpoints not. By its schedule, `configs/_base_/schedules/time_budget.py`, the
learning rate warms up and then falls along a cosine that ends with the time, whatever number of images that
is; so what a curve shows midway is not what a shorter training would have ended with.
"""
COLUMNS = (
    "network",
    "seeds",
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
    head = [*COLUMNS, *metrics]
    scores = baselines(first["metrics"])
    values = [f"{scores[name]:.{digits_of(name)}f}" if name in scores else "" for name in metrics]
    blurry = [["the blurry images", *[""] * (len(COLUMNS) - 1), *values]] if scores else []
    return "\n".join(
        [
            f"## {name.removeprefix('comparison_')}",
            "",
            f"![{metric} over time and over images seen]({picture})",
            "",
            _words(best_first, metric),
            *([result["note"]] if "note" in result else []),
            "",
            *table(
                head, [*(_cells(found, metrics) for found in best_first), *blurry], "ll".ljust(len(head), "r")
            ),
            "",
            f"GMACs are of one {height}×{width} image. Peak memory is that before the first validation: on a "
            "GPU what PyTorch took there, on a CPU the whole process's.",
            "",
            f"- widths and rates: {', '.join(result['configs'])}",
            *(f"- {name}: {'; '.join(_told(runs, of))}" for name, of in FACTS.items()),
            "",
        ]
    )


def _data(run: Mapping[str, Any]) -> str:
    return run["training"].rpartition(", seed ")[0]


def _device(run: Mapping[str, Any]) -> str:
    return f"{run['machine']['device']}, {run['machine']['threads']} threads on the CPU"


FACTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "data and batches": _data,
    "optimizer": lambda run: run["optimizer"],
    "precision": lambda run: run["precision"],
    "device": _device,
    "commit": lambda run: f"{run['machine']['commit']}, {run['machine']['date']}",
    "versions": lambda run: versions(run["machine"]),
}
"""What is to be told of runs beside their figures, and how a run tells it."""


def _told(runs: Iterable[Mapping[str, Any]], of: Callable[[Mapping[str, Any]], str]) -> list[str]:
    """What runs tell: once where it is the same of all, else each with the networks that it is of."""
    networks: dict[str, dict[str, None]] = {}
    for run in runs:
        networks.setdefault(of(run), {})[run["network"]] = None
    if len(networks) == 1:
        return list(networks)
    return [f"{told} ({', '.join(names)})" for told, names in networks.items()]


def _words(best_first: Sequence[Sequence[Mapping[str, Any]]], metric: str) -> str:
    """Who is where at the end, and what keeps that from being a fair comparison."""
    runs = [run for found in best_first for run in found]
    highest = _mean(best_first[0], metric)
    ranks = [f"{best_first[0][0]['network']} has {highest:.2f} dB"]
    for found in best_first[1:]:
        mean = _mean(found, metric)
        ranks.append(f"{found[0]['network']} {mean:.2f} dB ({mean - highest:+.2f})")
    times = _told(runs, _time)
    words = [f"After {times[0] if len(times) == 1 else 'training'} {', '.join(ranks)}."]
    blurry = baselines(runs[0]["metrics"])
    if metric in blurry:
        words.append(f"The blurry images have {blurry[metric]:.2f} dB.")
    for name, score in blurry.items():
        below = [found[0]["network"] for found in best_first if _mean(found, name) < score]
        if below:
            words.append(f"{', '.join(below)} stayed below the blurry images in {name}.")
    if len(times) > 1:
        words.append(f"They had not the same time: {'; '.join(times)}.")
    different = [name for name, of in FACTS.items() if len(_told(runs, of)) > 1]
    if different:
        words.append(f"The runs differ in {', '.join(different)}, as told below.")
    return " ".join([*words, _words_on_seeds(best_first)])


def _words_on_seeds(by_network: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    seeds = {_seeds(found) for found in by_network}
    if len(seeds) > 1:
        return (
            "They have not the same seeds: where there are several, figures are means ± standard deviation, "
            "and where there is one, nothing is known of how far another would be off."
        )
    if len(by_network[0]) > 1:
        return f"Figures are means over the seeds {seeds.pop()} ± their standard deviation."
    return f"There is one seed, {seeds.pop()}: nothing is known of how far another would be off."


def _seeds(found: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(map(str, sorted(run["seed"] for run in found)))


def _time(run: Mapping[str, Any]) -> str:
    return f"{run['budget']['seconds'] / 60:g} minutes of {run['budget']['clock']} time"


def _cells(found: Sequence[Mapping[str, Any]], metrics: Iterable[str]) -> list[str]:
    first, records = found[0], [run["record"] for run in found]
    memory = [record["peak_memory_bytes"] for record in records if record["peak_memory_bytes"] is not None]
    return [
        first["network"],
        _seeds(found),
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
