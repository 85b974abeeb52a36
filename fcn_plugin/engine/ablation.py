"""Many runs of one config that differ by a few options, and the table of what each difference makes.

A config of this kind holds ``variants``: by name, their ``options``, as ``--cfg-options`` takes them, and the
``baseline`` that each is compared with.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any, NamedTuple

import torch
from mmengine.runner import find_latest_checkpoint

from fcn_plugin.benchmark.facts import machine_facts
from fcn_plugin.errors import InputError
from fcn_plugin.files import write_atomically

from .launch import PROJECT, load_config

DEVICE_VARIABLE = "CUDA_VISIBLE_DEVICES"


class Run(NamedTuple):
    """One training of a variant."""

    variant: str
    seed: int
    folder: Path

    @property
    def config(self) -> Path:
        """The variant's config with everything resolved; not in the folder, where the Runner puts a copy."""
        return self.folder.parent / f"{self.folder.name}.json"

    @property
    def results(self) -> Path:
        """Written by ``tools/test.py`` at the very end, so a run that has it is done."""
        return self.folder / "results.json"

    @property
    def machine(self) -> Path:
        """What it was trained on, and with which versions."""
        return self.folder / "machine.json"


def plan_runs(
    config: str,
    variants: Sequence[str] | None,
    seeds: Sequence[int],
    work_dir: Path,
    options: Mapping[str, Any] | None = None,
) -> list[Run]:
    """Writes the config of every variant (all if None) and seed to ``work_dir``.

    Raises `InputError` when the config has no such variant, or when another run is in the way.
    """
    known = load_config(config).get("variants")
    if not known:
        raise InputError(f"{config} has no variants: it is no config for an ablation")
    unknown = set(variants or ()).difference(known)
    if unknown:
        raise InputError(f"{config} has no variant {sorted(unknown)[0]!r}: choose from {', '.join(known)}")
    runs = []
    for seed in seeds:  # outermost, so that a sweep that is stopped has all variants rather than all seeds
        for variant in variants or known:
            run = Run(variant, seed, work_dir / f"{variant} seed {seed}".replace(" ", "_"))
            settings = {**known[variant]["options"], **(options or {}), "randomness.seed": seed}
            text = json.dumps(load_config(config, settings, str(run.folder)).to_dict(), indent=2)
            if run.config.exists() and run.config.read_text() != text:
                raise InputError(f"{run.config} is of another run: choose another --work-dir")
            write_atomically(run.config, text)
            runs.append(run)
    return runs


def execute(runs: Iterable[Run], devices: Sequence[str | None], report: Callable[[str], None]) -> None:
    """Trains and tests what is not done yet, one process per device at a time.

    A device is a GPU's number, or None for whatever the process finds. A run that was stopped goes on from
    its latest checkpoint. The last one is tested, so nothing is chosen on the test set.

    Raises `InputError` naming the log when a run fails; runs under way are finished first.
    """
    free: Queue[str | None] = Queue()
    for device in devices:
        free.put(device)

    def train_and_test(run: Run) -> None:
        device = free.get()
        try:
            report(f"{run.folder.name} starts" + (f" on GPU {device}" if device is not None else ""))
            facts = machine_facts("cuda" if torch.cuda.is_available() else "cpu")
            write_atomically(run.machine, json.dumps(facts, indent=2) + "\n")
            _run_tool(run, device, "train.py", run.config, "--resume")
            _run_tool(run, device, "test.py", run.config, find_latest_checkpoint(str(run.folder)))
            report(f"{run.folder.name} is done: {json.loads(run.results.read_text())['metrics']}")
        finally:
            free.put(device)

    open_runs = [run for run in runs if not run.results.exists()]
    with ThreadPoolExecutor(len(devices)) as pool:
        for done in [pool.submit(train_and_test, run) for run in open_runs]:
            try:
                done.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def summarise(config: str, runs: Iterable[Run]) -> list[dict[str, Any]]:
    """A row per variant that has finished runs: per metric its values, mean and spread, and its differences.

    A spread is the standard deviation over seeds, None for a single one. A difference is the variant's value
    less its baseline's with the same seed, so that what a seed does to both cancels.
    """
    known = load_config(config).variants
    metrics: dict[str, dict[int, dict[str, float]]] = {}
    for run in runs:
        if run.results.exists():
            found = json.loads(run.results.read_text())["metrics"]
            metrics.setdefault(run.variant, {})[run.seed] = found
    rows = []
    for variant, by_seed in metrics.items():
        baseline = known[variant]["baseline"]
        partners = metrics.get(baseline, {}) if baseline != variant else {}
        names = next(iter(by_seed.values()))
        rows.append(
            {
                "variant": variant,
                "baseline": baseline,
                "seeds": sorted(by_seed),
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
            facts = json.loads(run.machine.read_text())
            if facts not in found:
                found.append(facts)
    return found


def _spread(values: list[float]) -> dict[str, Any]:
    return {
        "values": values,
        "mean": statistics.mean(values),
        "spread": statistics.stdev(values) if len(values) > 1 else None,
    }


def _run_tool(run: Run, device: str | None, tool: str, *words: Any) -> None:
    log = run.folder / f"{Path(tool).stem}.log"
    environment = os.environ if device is None else {**os.environ, DEVICE_VARIABLE: device}
    command = [sys.executable, PROJECT / "tools" / tool, *words, "--work-dir", run.folder]
    with log.open("a") as output:
        status = subprocess.run(
            list(map(str, command)), stdout=output, stderr=output, env=environment
        ).returncode
    if status:
        raise InputError(
            f"{run.folder.name} failed: see {log}, mend the cause and run the same command again"
        )


def ablation_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Lays `summarise`'s rows out as Markdown: mean ± spread, and differences from the baseline likewise."""
    names = list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    head = ["variant", "seeds", *(f"{name} | difference" for name in names)]
    lines = [f"| {' | '.join(head)} |", "|---|---" + "|--:" * 2 * len(names) + "|"]
    for row in rows:
        cells = [row["variant"], ", ".join(map(str, row["seeds"]))]
        for name in names:
            cells.append(_cell(name, row["metrics"].get(name), sign=""))
            cells.append(_cell(name, row["differences"].get(name), sign="+"))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(name: str, value: Mapping[str, Any] | None, sign: str) -> str:
    if value is None:
        return ""
    digits = 3 if "PSNR" in name else 5
    spread = "" if value["spread"] is None else f" ± {value['spread']:.{digits}f}"
    return f"{value['mean']:{sign}.{digits}f}{spread}"
