#!/usr/bin/env python
"""Measures how fast pairs are read: from folders, from LMDBs as MMagic reads them, and from this package's.

    python tools/benchmark_data.py --pairs GoPro/train/GOPR0372_07_00 GoPro/train/GOPR0372_07_01

Each folder holds PNG files in blur/ and sharp/. LMDBs of them are written first, and all readers are checked
to give the same pixels. The figures go to --out as JSON, and docs/benchmarks_data.md is written anew from it.
"""

import argparse
import tempfile
from pathlib import Path

from fcn_plugin.errors import one_sentence_errors
from fcn_plugin.project import PROJECT


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--pairs", nargs="+", type=Path, action="extend", metavar="FOLDER", help="with blur/ and sharp/")
    add("--crop", type=int, default=256, help="side of the crops in pixels (%(default)s)")
    add("--rounds", type=int, default=5, help="turns that each candidate gets (%(default)s)")
    add("--cold-rounds", type=int, default=3, help="passes from a cold page cache (%(default)s)")
    add("--seconds", type=float, default=1.0, help="length of a turn at least (%(default)s)")
    add("--workers", nargs="+", type=int, default=[0, 1, 2, 4], help="of the loader (%(default)s)")
    add("--batch", nargs="+", type=int, default=[1, 4, 16], help="of the loader (%(default)s)")
    add("--lmdbs", type=Path, help="folder for the LMDBs, kept for the next time (a temporary one)")
    add("--out", type=Path, default=PROJECT / "benchmarks/data.json", help="figures (%(default)s)")
    add("--page", type=Path, default=PROJECT / "docs/benchmarks_data.md", help="(%(default)s)")
    add("--report", action="store_true", help="measure nothing, only write the page from the figures")
    arguments = parser.parse_args(words)
    if not arguments.report and not arguments.pairs:
        parser.error("name folders of pairs with --pairs, or give --report")
    return arguments


def main(words: list[str] | None = None) -> None:
    arguments = parse_arguments(words)
    with one_sentence_errors():
        from fcn_plugin.benchmark.data.page import data_page
        from fcn_plugin.benchmark.publish import publish

        result = None if arguments.report else measure(arguments)
        publish(result, arguments.out, arguments.page, data_page)


def measure(arguments: argparse.Namespace) -> dict:
    from fcn_plugin.benchmark.data.comparison import compare
    from fcn_plugin.benchmark.data.measure import Turns
    from fcn_plugin.benchmark.data.readers import PairFolder

    with tempfile.TemporaryDirectory() as temporary:
        lmdbs = arguments.lmdbs or Path(temporary)
        return compare(
            [PairFolder(source, lmdbs / str(number)) for number, source in enumerate(arguments.pairs)],
            arguments.crop,
            Turns(arguments.rounds, arguments.seconds),
            arguments.cold_rounds,
            arguments.workers,
            arguments.batch,
            report=print,
        )


if __name__ == "__main__":
    main()
