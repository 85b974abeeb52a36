"""Measuring several candidates fairly: in turns, on one thread, and what is told of the figures."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

import cv2
import torch

Name = TypeVar("Name")
Candidate = TypeVar("Candidate")
Figure = TypeVar("Figure")


def in_turns(
    candidates: Mapping[Name, Candidate], rounds: int, measure: Callable[[int, Candidate], Figure]
) -> dict[Name, list[Figure]]:
    """What ``measure`` makes of the round's number and each candidate, one figure per round.

    A round has all candidates, so whatever slows the machine down for a while hits all of them.
    """
    figures: dict[Name, list[Figure]] = {name: [] for name in candidates}
    for number in range(rounds):
        for name, candidate in candidates.items():
            figures[name].append(measure(number, candidate))
    return figures


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


def summary(values: Sequence[float]) -> dict[str, float]:
    """Median, lowest and highest."""
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}
