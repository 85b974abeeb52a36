"""Rates at which pairs are read, on one core and through loader workers; all in turns."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset


class Turns(NamedTuple):
    """How often and for how long, in seconds at least, each candidate is measured."""

    rounds: int
    seconds: float


@contextmanager
def one_thread() -> Iterator[None]:
    """Keeps OpenCV and torch to the calling thread."""
    before = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before[0])
        torch.set_num_threads(before[1])


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
    measured: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(turns.rounds):
        for name, candidate in candidates.items():
            np.random.seed(number)  # noqa: NPY002
            measured[name].append(_rate(candidate, turns.seconds, time.process_time))
    return measured


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
    measured: dict[Any, list[float]] = {name: [] for name in build}
    for _ in range(turns.rounds):
        for name, loader in build.items():
            measured[name].append(_loader_rate(loader(), turns.seconds))
    return measured


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


def summary(values: Sequence[float]) -> dict[str, float]:
    """Median, lowest and highest."""
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}
