#!/usr/bin/env python
"""Trains networks for equal time on the same data, and shows how well they do by then.

    python tools/compare.py configs/comparison/full.py --minutes 600 --devices 0 1 2 3
    python tools/compare.py configs/comparison/small.py --minutes 5 --clock processor --threads 1
    python tools/compare.py configs/fcn_gopro.py configs/peers/*.py --minutes 600

Each run is a process of its own. Runs that are done are not repeated, and those that were stopped go on with
the time they had spent. The figures go to --out as JSON, and --page with its plots is written anew from all
such files beside that one. A trial with a --work-dir of its own leaves what is published alone: both go
there.
"""

import argparse
from pathlib import Path

from fcn_plugin.command_line import add_options_of_runs, at_least, end_in_a_sentence, positive
from fcn_plugin.errors import one_sentence_errors
from fcn_plugin.project import PROJECT, short_path


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("configs", nargs="+", help="relative to here or to the checkout; one with variants stands for these")
    add("--minutes", type=positive, help="of training, for each network")
    add("--points", type=at_least(1), default=10, help="validations at equal times (%(default)s)")
    add(
        "--clock",
        choices=("wall", "processor"),
        default="wall",
        help="processor: what the CPU gives to a run; other work takes none of it, but may slow memory down",
    )
    add("--networks", nargs="+", metavar="NAME", help="train these only (all)")
    add("--work-dir", type=Path, help="where the runs go (work_dirs/comparison_CONFIG)")
    add("--out", type=Path, help="JSON file (comparison_CONFIG.json in benchmarks, or in --work-dir)")
    add("--page", type=Path, help="(comparison.md in docs, or in --work-dir)")
    add("--note", help="what a reader must know of the circumstances, for the page")
    add("--report", action="store_true", help="train nothing, only write what is done")
    add_options_of_runs(parser)
    arguments = parser.parse_args(words)
    if arguments.minutes is None and not arguments.report:
        parser.error("--minutes is needed, for how long each network is trained")
    return arguments


def main(words: list[str] | None = None) -> None:
    arguments = parse_arguments(words)
    with one_sentence_errors():
        import json

        from fcn_plugin.benchmark.training.comparison import (
            Budget,
            check_networks,
            find_comparison,
            gather,
            plan_comparison,
            train_for_comparison,
        )
        from fcn_plugin.engine.runs import execute
        from fcn_plugin.files import write_atomically

        name = f"comparison_{Path(arguments.configs[0]).stem}"
        work_dir = arguments.work_dir or Path("work_dirs", name)
        out = arguments.out or (arguments.work_dir or PROJECT / "benchmarks") / f"{name}.json"
        page = arguments.page or (arguments.work_dir or PROJECT / "docs") / "comparison.md"
        runs = []
        if not arguments.report:
            runs = plan_comparison(
                arguments.configs,
                arguments.networks,
                arguments.seeds,
                work_dir,
                Budget(60 * arguments.minutes, arguments.points, arguments.clock),
                arguments.cfg_options,
            )
            check_networks(runs)
        planned = find_comparison(arguments.configs, work_dir)
        try:
            execute(runs, train_for_comparison, arguments.devices or [None], print, arguments.threads)
        finally:
            found = gather(planned)
            if found:  # otherwise the figures of earlier runs stay
                figures = {"configs": list(map(short_path, arguments.configs)), "runs": found}
                if arguments.note:
                    figures["note"] = arguments.note
                write_atomically(out, json.dumps(figures, indent=2) + "\n")
                print(f"figures      {out}")
        write_page(out.parent, page)
        print(f"page         {page}")


def write_page(figures: Path, page: Path) -> None:
    """Draws the comparisons that lie in ``figures``, beside the page that tells of them."""
    from fcn_plugin.benchmark.training.page import comparison_page
    from fcn_plugin.files import read_json, write_atomically
    from fcn_plugin.plots.training_curves import draw_training_curves

    results = {
        path.stem: read_json(path, "write it anew with --report, or remove it")
        for path in sorted(figures.glob("comparison_*.json"))
    }
    results = {name: result for name, result in results.items() if result["runs"]}
    for name, result in results.items():
        draw_training_curves(result["runs"], page.parent / name)
    write_atomically(page, comparison_page(results, {name: f"{name}.svg" for name in results}))


if __name__ == "__main__":
    end_in_a_sentence()
    main()
