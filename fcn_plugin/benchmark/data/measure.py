"""Rates at which pairs are read, on one core and through loader workers; all in turns."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset

from fcn_plugin.benchmark.turns import in_turns


class Turns(NamedTuple):
    """How often and for how long, in seconds at least, each candidate is measured."""

    rounds: int
    seconds: float


def check_equal(datasets: Mapping[str, Dataset]) -> None:
    """Raises an error unless all give the same pixels for every pair, augmentation included."""
    names = list(datasets)
    for index in range(len(datasets[names[0]])):
        samples = []
        for dataset in datasets.values():
            np.random.seed(index)  # noqa: NPY002  the transforms draw from NumPy's global generator
            sample = dataset[index]
            samples.append((sample["inputs"], sample["data_samples"].gt_img))
        for name, sample in zip(names[1:], samples[1:], strict=True):
            if not all(map(torch.equal, samples[0], sample)):
                raise RuntimeError(f"readers {names[0]!r} and {name!r} give different pixels of pair {index}")


def rates(candidates: Mapping[str, Callable[[int], Any]], turns: Turns) -> dict[str, list[float]]:
    """Calls per second of processor time of each candidate in each round, taken in turns.

    Candidates are called with 0, 1, 2 … and draw the same random numbers. Processor time, of one thread,
    leaves out what else runs on the machine.
    """

    def rate(number: int, candidate: Callable[[int], Any]) -> float:
        np.random.seed(number)  # noqa: NPY002
        return _rate(candidate, turns.seconds, time.process_time)

    return in_turns(candidates, turns.rounds, rate)


def _rate(call: Callable[[int], Any], seconds: float, clock: Callable[[], float]) -> float:
    count, elapsed, start = 0, 0.0, clock()
    while elapsed < seconds:
        call(count)
        count += 1
        elapsed = clock() - start
    return count / elapsed


def cycle(dataset: Dataset) -> Callable[[int], Any]:
    """The pairs of a dataset, over and over."""
    return lambda index: dataset[index % len(dataset)]


def loader_rates(build: Mapping[Any, Callable[[], DataLoader]], turns: Turns) -> dict[Any, list[float]]:
    """Pairs per second that endless loaders hand over in each round, taken in turns.

    Each turn has a loader of its own, so that no other's workers run meanwhile. Their start does not count.
    """
    return in_turns(build, turns.rounds, lambda _, loader: _loader_rate(loader(), turns.seconds))


def _loader_rate(loader: DataLoader, seconds: float) -> float:
    batches = iter(loader)
    workers = max(loader.num_workers, 1)

    def one_of_each(_: int) -> None:
        for _ in range(workers):
            next(batches)

    one_of_each(0)
    return _rate(one_of_each, seconds, time.perf_counter) * workers * loader.batch_size


def build_loader(dataset: Dataset, workers: int, batch: int, collate: str) -> DataLoader:
    """An endless, shuffling loader, built as MMEngine's Runner builds it."""
    config = {
        "dataset": dataset,
        "batch_size": batch,
        "num_workers": workers,
        "sampler": {"type": "mmengine.InfiniteSampler", "shuffle": True},
        "collate_fn": {"type": collate},
    }
    return Runner.build_dataloader(config, seed=0)
