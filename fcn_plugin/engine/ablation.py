"""Many runs of one config that differ by a few options, and the table of what each difference makes.

A config of this kind holds ``variants``: by name, their ``options``, as ``--cfg-options`` takes them, and the
``baseline`` that each is compared with.
"""

import json
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from fcn_plugin.errors import InputError
from fcn_plugin.evaluation.metric_names import baselines, digits_of, restored_names
from fcn_plugin.files import read_json, write_atomically
from fcn_plugin.machine import machine_facts
from fcn_plugin.markdown import table

from .launch import latest_checkpoint, load_config
from .runs import Command, Run, find_runs, metrics_of, plan_run, tool

STAGE = ": stage "
"""Between a variant's name and a stage's number, where that stage's own prediction is meant."""


def plan_runs(
    config: str,
    variants: Sequence[str] | None,
    seeds: Sequence[int],
    work_dir: Path,
    options: Mapping[str, Any] | None = None,
) -> list[Run]:
    """Writes the config of every variant (all if None) and seed, once each, to ``work_dir``.

    Raises `InputError` when the config has no such variant, or when another run is in the way.
    """
    known = _variants(config)
    unknown = set(variants or ()).difference(known)
    if unknown:
        raise InputError(f"{config} has no variant {sorted(unknown)[0]!r}: choose from {', '.join(known)}")
    # Seeds are outermost, so that a sweep that is stopped has all variants rather than all seeds.
    return [
        plan_run(config, variant, seed, work_dir, {**known[variant]["options"], **(options or {})})
        for seed in dict.fromkeys(seeds)
        for variant in dict.fromkeys(variants or known)
    ]


def planned_runs(config: str, work_dir: Path, options: Mapping[str, Any] | None = None) -> list[Run]:
    """Every run of the config's variants that was ever planned in ``work_dir``: what belongs into its table.

    Raises `InputError` when one of them had other options, so that its results could not be compared.
    """
    known = _variants(config)
    return [
        plan_run(config, variant, seed, work_dir, {**known[variant]["options"], **(options or {})})
        for variant, seed, _ in find_runs(known, work_dir)
    ]


def _variants(config: str) -> Mapping[str, Any]:
    known = load_config(config).get("variants")
    if not known:
        raise InputError(f"{config} has no variants: it is no config for an ablation")
    return known


def train_and_test(run: Run, threads: int | None = None) -> Iterator[Command]:
    """A run's commands, for `execute`. The last checkpoint is tested: nothing is chosen on the test set.

    ``threads`` are those that `execute` gives to the run.
    """
    _record_machine(run, threads)
    yield "train", tool("train.py", run.config, "--resume", "--work-dir", run.folder)
    last = latest_checkpoint(run.folder)
    yield "test", tool("test.py", run.config, last, "--work-dir", run.folder)


def plan_stages(runs: Iterable[Run]) -> list[Run]:
    """For each run, one per stage: what the stage itself predicts is tested as the network's answer is."""
    return [
        Run(f"{run.variant}{STAGE}{stage}", run.seed, run.folder / f"stage_{stage}")
        for run in runs
        for stage in range(load_config(str(run.config)).model.loss.stages)
    ]


def find_stages(runs: Iterable[Run]) -> list[Run]:
    """For each run, what `plan_stages` has given and `execute` has begun."""
    return [
        Run(f"{run.variant}{STAGE}{folder.name.removeprefix('stage_')}", run.seed, folder)
        for run in runs
        for folder in sorted(run.folder.glob("stage_*"))
    ]


def evaluate_stage(run: Run, threads: int | None = None) -> Iterator[Command]:
    """The command of one of `plan_stages`' runs, for `execute`, once that network is trained."""
    trained = run._replace(folder=run.folder.parent)
    _record_machine(run, threads)
    last = latest_checkpoint(trained.folder)
    stage = f"model.stage={run.variant.partition(STAGE)[2]}"
    yield "test", tool("test.py", trained.config, last, "--work-dir", run.folder, "--cfg-options", stage)


def _record_machine(run: Run, threads: int | None) -> None:
    facts = machine_facts("cuda" if torch.cuda.is_available() else "cpu")
    if threads is not None:
        facts["threads"] = threads
    write_atomically(run.machine, json.dumps(facts, indent=2) + "\n")


def summarise(config: str, runs: Iterable[Run]) -> list[dict[str, Any]]:
    """A row per variant that has finished runs: per metric its values, mean and spread, and its differences.

    A spread is the standard deviation over seeds, None for a single one. A difference is the variant's value
    less its baseline's with the same seed, so that what a seed does to both cancels. A stage's baseline is
    the answer of its network.
    """
    known = load_config(config).variants
    metrics: dict[str, dict[int, dict[str, float]]] = {}
    for run in runs:
        if run.results.exists():
            metrics.setdefault(run.variant, {})[run.seed] = metrics_of(run)
    rows = []
    for variant, unsorted in metrics.items():
        by_seed = dict(sorted(unsorted.items()))
        trained, _, stage = variant.partition(STAGE)
        baseline = trained if stage else known[variant]["baseline"]
        partners = metrics.get(baseline, {}) if baseline != variant else {}
        names = next(iter(by_seed.values()))
        rows.append(
            {
                "variant": variant,
                "baseline": baseline,
                "seeds": list(by_seed),
                "metrics": {name: _spread([found[name] for found in by_seed.values()]) for name in names},
                "differences": {
                    name: _spread(
                        [
                            found[name] - partners[seed][name]
                            for seed, found in by_seed.items()
                            if seed in partners
                        ]
                    )
                    for name in names
                    if partners.keys() & by_seed.keys()
                },
            }
        )
    return rows


def machines_of(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Every different machine, with its versions and commit, that finished runs were trained on."""
    found = []
    for run in runs:
        if run.results.exists():
            facts = read_json(run.machine, f"remove {run.results} and run the same command again")
            if facts not in found:
                found.append(facts)
    return found


def _spread(values: list[float]) -> dict[str, Any]:
    return {
        "values": values,
        "mean": statistics.mean(values),
        "spread": statistics.stdev(values) if len(values) > 1 else None,
    }


def ablation_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Lays `summarise`'s rows out as Markdown: mean ± spread, and differences from the baseline likewise.

    What the blurry images score, the same for every variant, comes below.
    """
    found = {name: values for row in rows for name, values in row["metrics"].items()}
    names = restored_names(found)
    head = ["variant", "seeds", *(column for name in names for column in (name, "difference"))]
    laid_out = []
    for row in rows:
        cells = [row["variant"], ", ".join(map(str, row["seeds"]))]
        for name in names:
            cells.append(_cell(name, row["metrics"].get(name)))
            cells.append(_cell(name, row["differences"].get(name), sign="+"))
        laid_out.append(cells)
    lines = table(head, laid_out, "ll".ljust(len(head), "r"))
    blurry = [f"{name} {_cell(name, value)}" for name, value in baselines(found).items()]
    if blurry:
        lines += ["", f"The blurry images: {', '.join(blurry)}."]
    return "\n".join(lines) + "\n"


def _cell(name: str, value: Mapping[str, Any] | None, sign: str = "") -> str:
    if value is None:
        return ""
    digits = digits_of(name) + 1  # what is compared differs by little
    spread = "" if not value["spread"] else f" ± {value['spread']:.{digits}f}"
    return f"{value['mean']:{sign}.{digits}f}{spread}"
