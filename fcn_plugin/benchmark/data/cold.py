"""Reading pairs of which nothing is in memory."""

import os
import resource
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from torch.utils.data import Dataset

from fcn_plugin.benchmark.turns import in_turns, one_thread

BLOCK = 512  # bytes, of which getrusage counts


class ColdPass(NamedTuple):
    """One reading of a whole dataset."""

    pairs_per_s: float
    bytes_from_disk: int


def cold_passes(
    datasets: Mapping[Any, Callable[[], Dataset]], files: Iterable[Path], rounds: int
) -> dict[Any, list[ColdPass]]:
    """Opens and reads each dataset once per round, in turns, after the system was told to forget the files.

    Each pass has a process of its own. No other may have the files open: the system keeps what is mapped.
    """
    files = list(files)
    # Forked, so that it starts at once, but from a process without threads, whose locks would be copied.
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__, "fcn_plugin.benchmark.data.readers"])

    def one_pass(_: int, open_dataset: Callable[[], Dataset]) -> ColdPass:
        with ProcessPoolExecutor(1, context) as pool:
            return pool.submit(_cold_pass, open_dataset, files).result()

    return in_turns(datasets, rounds, one_pass)


def _cold_pass(open_dataset: Callable[[], Dataset], files: Iterable[Path]) -> ColdPass:
    with one_thread():
        dataset = open_dataset()
        for path in files:
            _forget(path)
        blocks, start = _blocks_from_disk(), time.perf_counter()
        for index in range(len(dataset)):
            dataset[index]
        elapsed = time.perf_counter() - start
        return ColdPass(len(dataset) / elapsed, (_blocks_from_disk() - blocks) * BLOCK)


def _blocks_from_disk() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_inblock


def _forget(path: Path) -> None:
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
