#!/usr/bin/env python
"""Measures what PSNR and both SSIMs of a pair of images cost, beside other packages' SSIM.

    python tools/benchmark_metrics.py

scikit-image must be installed (the extra `test` brings it); torchmetrics is measured where it is. The figures
go to --out as JSON, and docs/benchmarks_metrics.md is written anew from them.
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
    add("--pairs", type=Path, default=PROJECT / "data/demo/test", help="with blur/ and sharp/ (%(default)s)")
    size = {"nargs": 2, "type": at_least(11), "metavar": ("HEIGHT", "WIDTH"), "default": [720, 1280]}
    add("--size", **size, help="that the first pair is resized to (%(default)s)")
    add("--rounds", type=at_least(1), default=15, help="calls of each (%(default)s)")
    add("--batch", nargs="+", type=at_least(1), default=[1, 8], help="pairs at a time on a GPU (%(default)s)")
    add("--out", type=Path, default=PROJECT / "benchmarks/metrics.json", help="figures (%(default)s)")
    add("--page", type=Path, default=PROJECT / "docs/benchmarks_metrics.md", help="(%(default)s)")
    add("--report", action="store_true", help="measure nothing, only write the page from the figures")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> None:
    arguments = parse_arguments(words)
    with one_sentence_errors():
        from fcn_plugin.benchmark.metrics.page import metrics_page
        from fcn_plugin.benchmark.publish import publish

        result = None if arguments.report else measure(arguments)
        publish(result, arguments.out, arguments.page, metrics_page)


def measure(arguments: argparse.Namespace) -> dict:
    import cv2
    import torch

    from fcn_plugin.benchmark.metrics.comparison import compare
    from fcn_plugin.datasets import PairedImageDataset

    pairs = PairedImageDataset(arguments.pairs / "blur", arguments.pairs / "sharp", name="pairs")
    image, reference = (
        torch.from_numpy(cv2.resize(pairs[0][name], arguments.size[::-1])).permute(2, 0, 1)
        for name in ("img", "gt")
    )
    return compare(image, reference, arguments.batch, arguments.rounds, report=print)


if __name__ == "__main__":
    main()
