"""All scorers measured side by side, in turns."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import torch
from torch import Tensor

from fcn_plugin.benchmark.turns import in_turns, one_thread, summary
from fcn_plugin.machine import machine_facts

from .scorers import PER_CHANNEL, SKIMAGE, SKIMAGE_GAUSSIAN, scorers


def compare(
    image: Tensor, reference: Tensor, batches: Sequence[int], rounds: int, report: Callable[[str], None]
) -> dict[str, Any]:
    """Measures all scorers on a pair, uint8 RGB (3, H, W); returns the figures as JSON's types.

    On a processor they score one pair at a time, on one thread and then on as many as torch and OpenCV take,
    if these are more; on a GPU, if there is one, as many as each of ``batches`` says. A round calls every
    scorer once. All times are for one pair, ``processor_ms`` that of all the process's threads;
    ``of_skimage`` is the processor time in scikit-image's, round by round.
    """
    check_agreement(image, reference)
    pair = image[None], reference[None]
    with one_thread():
        report("on one thread ...")
        rows = _measure("cpu", pair, rounds)
        machine = machine_facts("cpu")
    if _threads() > 1:
        report("on as many threads as torch and OpenCV take ...")
        rows += _measure("cpu", pair, rounds)
    if torch.cuda.is_available():
        machine["gpu"] = machine_facts("cuda")["device"]
        for batch in batches:
            report(f"on the GPU, {batch} at a time ...")
            rows += _measure(
                "cuda", [one.cuda().expand(batch, -1, -1, -1).contiguous() for one in pair], rounds
            )
    return {
        "machine": {**machine, "cores": len(os.sched_getaffinity(0))},
        "size": list(image.shape[1:]),
        "dtype": "uint8",
        "rounds": rounds,
        "rows": rows,
    }


def check_agreement(image: Tensor, reference: Tensor) -> None:
    """Raises an error unless SSIM per-channel is what scikit-image makes of it."""
    found = scorers(image[None], reference[None])
    ours, theirs = (float(found[name]()[0]) for name in (PER_CHANNEL, SKIMAGE_GAUSSIAN))
    if abs(ours - theirs) > 1e-6:
        raise RuntimeError(f"SSIM per-channel is {ours} here and {theirs} by scikit-image")


def _threads() -> int:
    return max(torch.get_num_threads(), cv2.getNumThreads())


def _measure(device: str, pair: Sequence[Tensor], rounds: int) -> list[dict[str, Any]]:
    found = scorers(*pair)
    for scorer in found.values():
        scorer()
    times = in_turns(found, rounds, lambda _, scorer: _time(scorer, device))
    batch = len(pair[0])
    rows = []
    for name, values in times.items():
        wall, processor = zip(*values, strict=True)
        row = {
            "device": device,
            "threads": _threads(),
            "batch": batch,
            "scorer": name,
            "wall_ms": summary([1e3 * seconds / batch for seconds in wall]),
            "processor_ms": summary([1e3 * seconds / batch for seconds in processor]),
        }
        if device == "cpu":
            row["of_skimage"] = {
                other: summary(
                    [mine / theirs for mine, (_, theirs) in zip(processor, times[other], strict=True)]
                )
                for other in (SKIMAGE, SKIMAGE_GAUSSIAN)
            }
        rows.append(row)
    return rows


def _time(scorer: Callable[[], object], device: str) -> tuple[float, float]:
    """Wall-clock and processor seconds of one call."""
    wall, processor = time.perf_counter(), time.process_time()
    scorer()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - wall, time.process_time() - processor
