"""Checks ways of running networks against each other and times them side by side."""

import multiprocessing
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.logging import MMLogger
from torch.utils.benchmark import Timer

from fcn_plugin.engine.peak_memory import peak_resident_bytes
from fcn_plugin.project import short_path

from .turns import in_turns
from .way import WEIGHTS, Machine, Run, Way, check_way, relative_error


class Shape(NamedTuple):
    """Of one call: images, and their (height, width)."""

    batch: int
    size: tuple[int, int]


def measure(
    ways: Iterable[Way],
    machine: Machine,
    shape: Shape,
    check_shape: Shape,
    reference_device: str,
    rounds: int,
    seconds: float,
    threads: int,
    report: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Measures every way and returns a row for each.

    A way is first checked on ``check_shape``: its answer against that of `Way.reference` in float32 on
    ``reference_device``, and twice, to see whether it repeats bit for bit. Then all ways are warmed up and
    timed in turns on ``shape``, ``rounds`` times ``seconds`` each; every time is read after the device is
    done. A way that runs out of memory on a GPU gets a row that says so.

    A row holds the way, its batch and size, ``relative_error``, ``repeats``, ``first_call_s`` (compilation
    included), ``median_s`` and ``iqr_s`` of one call, ``images_per_s``, and ``peak_memory_bytes``: on a GPU
    what the allocator held at most, less what other ways hold; on a CPU the whole process's resident memory,
    in a process of its own (None where the system does not tell).

    Raises `InputError` for a combination that does not exist, before anything is measured.
    """
    ways = list(ways)
    for way in ways:
        check_way(way, torch.device(machine.device))
    references: dict[Way, torch.Tensor] = {}
    rows, timed = [], []
    for way in ways:
        row = {
            "network": Path(way.config).stem,
            **way._asdict(),
            "config": short_path(way.config),
            **shape._asdict(),
        }
        rows.append(row)
        try:
            if way.reference not in references:
                run = Run(way.reference, Machine(reference_device, machine.options), *check_shape)
                references[way.reference] = run.answer()
            run = Run(way, machine, *check_shape)
            answer = run.answer()
            row["relative_error"] = relative_error(answer, references[way.reference])
            row["repeats"] = torch.equal(answer, run.answer())
            del run, answer
            run, facts = _prepare(way, machine, shape)
            row.update(facts)
        except torch.OutOfMemoryError:
            row["failed"] = "out of memory"
        else:
            timed.append((row, Timer("run()", globals={"run": run}, num_threads=threads)))
        report(_line(row))
    timers = {index: timer for index, (_, timer) in enumerate(timed)}
    measured = in_turns(timers, rounds, lambda _, timer: timer.blocked_autorange(min_run_time=seconds))
    for (row, _), measurements in zip(timed, measured.values(), strict=True):
        (merged,) = measurements[0].merge(measurements)
        row.update(median_s=merged.median, iqr_s=merged.iqr, images_per_s=row["batch"] / merged.median)
        report(_line(row))
    return rows


def matrix_rates(precisions: Iterable[str], device: str, size: int, threads: int) -> dict[str, float]:
    """Operations per second, per precision, of a size×size matrix product of random numbers: a roof."""
    rates = {}
    for precision in sorted({name.removeprefix("amp-") for name in precisions}):
        a, b = torch.randn(2, size, size, device=device, dtype=WEIGHTS.get(precision, torch.float32))
        before = torch.backends.cuda.matmul.allow_tf32
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        timer = Timer("torch.mm(a, b)", globals={"torch": torch, "a": a, "b": b}, num_threads=threads)
        rates[precision] = 2 * size**3 / timer.blocked_autorange(min_run_time=0.5).median
        torch.backends.cuda.matmul.allow_tf32 = before
    return rates


def _prepare(way: Way, machine: Machine, shape: Shape) -> tuple[Run, dict[str, Any]]:
    """A run that has warmed up, and what that showed."""
    if machine.device == "cpu":
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=spawn) as process:
            peak = process.submit(_peak_resident_bytes, way, machine, shape).result()
        run = Run(way, machine, *shape)
        return run, {"first_call_s": _seconds(run), "peak_memory_bytes": peak}
    held = torch.cuda.memory_allocated()
    run = Run(way, machine, *shape)
    first_call = _seconds(run)
    run()
    torch.cuda.reset_peak_memory_stats()
    run()
    torch.cuda.synchronize()
    return run, {
        "first_call_s": first_call,
        "peak_memory_bytes": torch.cuda.max_memory_allocated() - held,
    }


def _peak_resident_bytes(way: Way, machine: Machine, shape: Shape) -> int | None:
    MMLogger.get_current_instance().setLevel("WARNING")
    Run(way, machine, *shape)()
    return peak_resident_bytes()


def _seconds(run: Run) -> float:
    start = time.perf_counter()
    run()
    if run.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _line(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in row.items())
