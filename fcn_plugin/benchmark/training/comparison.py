"""Which runs a comparison takes, and what has come of them.

A config is compared as it is, under its own name, or as its ``variants``: by name, the ``options`` that make
it, as ``--cfg-options`` takes them, and ``model_of``, a config whose network and loss it takes before that.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config

from fcn_plugin.benchmark.way import build_model
from fcn_plugin.engine.launch import load_config
from fcn_plugin.engine.runs import Command, Run, find_runs, plan_run
from fcn_plugin.engine.training_clock import Clock
from fcn_plugin.errors import InputError
from fcn_plugin.files import read_json
from fcn_plugin.project import PROJECT

SCHEDULE = PROJECT / "configs/_base_/schedules/time_budget.py"
SHARED = ("train_dataloader", "val_dataloader", "val_evaluator", "train_cfg")
"""What all runs of a comparison have alike; the last is the budget."""


class Budget(NamedTuple):
    """What every network gets: ``seconds`` of training by a ``clock``, and ``validations`` meanwhile."""

    seconds: float
    validations: int
    clock: Clock


def plan_comparison(
    configs: Sequence[str],
    networks: Sequence[str] | None,
    seeds: Sequence[int],
    work_dir: Path,
    budget: Budget,
    options: Mapping[str, Any] | None = None,
) -> list[Run]:
    """Writes the config of every network (all if None) and seed to ``work_dir``.

    Raises `InputError` when there is no such network, when two have the same name, when they would not see
    the same data for the same time, be it as those already done there, or when another run is in the way.
    """
    known = _networks(configs)
    for name in networks or ():
        if name not in known:
            raise InputError(f"there is no network {name!r} to compare: choose from {', '.join(known)}")

    time = {f"train_cfg.{name}": value for name, value in budget._asdict().items()}
    runs = []
    for seed in dict.fromkeys(seeds):  # outermost, so that a comparison that is stopped has all networks
        for name in dict.fromkeys(networks or known):
            config, variant = known[name]
            schedule = Config.fromfile(SCHEDULE).to_dict()  # anew, for merging a config takes it apart
            settings = {**_network_settings(variant), **schedule, **time, **(options or {})}
            runs.append(plan_run(config, name, seed, work_dir, settings))
    _check_same_data([*runs, *(run for run in find_comparison(configs, work_dir) if run.results.exists())])
    return runs


def find_comparison(configs: Sequence[str], work_dir: Path) -> list[Run]:
    """Every run of the networks of ``configs`` that was ever planned in ``work_dir``.

    Raises `InputError` when two networks have the same name.
    """
    return find_runs(_networks(configs), work_dir)


def _networks(configs: Sequence[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """By name, the config that each network comes from and what is its own there."""
    known: dict[str, tuple[str, dict[str, Any]]] = {}
    for config in configs:
        for name, variant in _variants(config).items():
            if name in known:
                raise InputError(f"both {known[name][0]} and {config} have a {name!r}: rename one of them")
            known[name] = config, variant
    return known


def _variants(config: str) -> dict[str, dict[str, Any]]:
    return load_config(config).to_dict().get("variants") or {Path(config).stem: {}}


def _network_settings(variant: Mapping[str, Any]) -> dict[str, Any]:
    settings = {}
    if "model_of" in variant:
        model = load_config(variant["model_of"]).to_dict()["model"]
        settings = {f"model.{part}": {"_delete_": True, **model[part]} for part in ("network", "loss")}
    return {**settings, **variant.get("options", {})}


def _check_same_data(runs: Iterable[Run]) -> None:
    first, *others = [(run, json.loads(run.config.read_text())) for run in runs]
    for run, config in others:
        for part in SHARED:
            if config.get(part) != first[1].get(part):
                raise InputError(
                    f"{first[0].variant} and {run.variant} have not the same {part}, so their results could "
                    f"not be compared: give both the same by --cfg-options {part}.…, or choose another "
                    "--work-dir"
                )


def check_networks(runs: Iterable[Run]) -> None:
    """Builds the network of every run that is not done, without memory for its weights.

    Raises `InputError` for one that cannot be built here, such as another paper's without spandrel.
    """
    for run in runs:
        if not run.results.exists():
            with torch.device("meta"):
                build_model(load_config(str(run.config)))


def train_for_comparison(run: Run) -> Iterator[Command]:
    """A run's one command, for `execute`."""
    yield "train", ["-m", "fcn_plugin.benchmark.training.run", run.config, run.folder]


def gather(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """What finished runs have written, with their network's name first."""
    return [
        {
            "network": run.variant,
            **read_json(run.results, "remove it and run the same command again, which writes it anew"),
        }
        for run in runs
        if run.results.exists()
    ]
