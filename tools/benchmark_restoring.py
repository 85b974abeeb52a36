#!/usr/bin/env python
"""Measures what fcn-deblur takes of time and memory for photographs of several sizes.

    python tools/benchmark_restoring.py --onnx fcn.onnx

Each is restored in a process of its own. Memory is the most that this has held at once, Python and PyTorch
included. The photographs are one of the demo's, enlarged, as JPEG.
"""

import argparse
from pathlib import Path

from fcn_plugin.command_line import at_least
from fcn_plugin.errors import one_sentence_errors
from fcn_plugin.project import PROJECT


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--weights", type=Path, help="weights file (those of the package)")
    add("--onnx", type=Path, help="what tools/export_onnx.py made of them, measured beside them")
    add("--heights", nargs="+", type=at_least(1), default=[720, 5176], help="in pixels (%(default)s)")
    add("--widths", nargs="+", type=at_least(1), default=[1280, 7728], help="for each height (%(default)s)")
    add("--threads", type=at_least(1), default=1, help="(%(default)s)")
    add("--page", type=Path, help="a Markdown file to write the table to")
    return parser.parse_args(words)


def run(words: list[str], threads: int) -> tuple[float, float, float]:
    """Runs a command; seconds, seconds of the processor, and the most GB of memory at once."""
    import os
    import subprocess
    import sys
    import time

    start = time.perf_counter()
    process = subprocess.Popen(words, env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"error: {' '.join(words)} failed")
    unit = 1 if sys.platform == "darwin" else 1024  # of what the kernel counts in
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e9


def measure(arguments: argparse.Namespace, folder: Path) -> str:
    """The page: a table of the sizes and ways, and what it was measured with."""
    import sys

    import cv2
    import torch

    from fcn_plugin.datasets import PairedImageDataset
    from fcn_plugin.machine import machine_facts
    from fcn_plugin.markdown import circumstances, table

    weights = ["--weights", str(arguments.weights)] if arguments.weights else []
    ways = {"": weights, "`--compare`": [*weights, "--compare"]}
    if arguments.onnx:
        ways["`--onnx`"] = ["--onnx", str(arguments.onnx)]
    demo = PROJECT / "data/demo/test"
    photograph = PairedImageDataset(demo / "blur", demo / "sharp", "demo")[0]["img"]
    rows = []
    for height, width in zip(arguments.heights, arguments.widths, strict=True):
        path = folder / f"{height}x{width}.jpg"
        enlarged = cv2.resize(photograph, (width, height), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(path), enlarged[..., ::-1])
        for way, options in ways.items():
            words = [sys.executable, "-m", "fcn_plugin.inference.command", str(path), "--overwrite"]
            words += ["--device", "cpu", "--output", str(folder / "out"), *options]
            seconds, processor, memory = run(words, arguments.threads)
            rows.append([f"{height}×{width}", way, f"{seconds:.0f}", f"{processor:.0f}", f"{memory:.2f}"])
            print(*rows[-1], flush=True)
    torch.set_num_threads(arguments.threads)
    lines = [
        *table(["photograph", "options", "s", "s of the processor", "memory (GB)"], rows, "llrrr"),
        "",
        f"{arguments.weights.name if arguments.weights else 'The weights of the package'}, float32; "
        f"{circumstances(machine_facts('cpu'))}.",
    ]
    return "\n".join(lines) + "\n"


def main(words: list[str] | None = None) -> None:
    arguments = parse_arguments(words)
    if len(arguments.heights) != len(arguments.widths):
        raise SystemExit("error: give as many --widths as --heights")
    with one_sentence_errors():
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            page = measure(arguments, Path(folder))
        print(page)
        if arguments.page:
            from fcn_plugin.files import write_atomically

            write_atomically(arguments.page, "# What restoring takes\n\n" + page)


if __name__ == "__main__":
    main()
