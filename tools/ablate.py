#!/usr/bin/env python
"""Trains the variants of a config, each with several seeds, and writes the table of what they differ by.

    python tools/ablate.py configs/ablation/table2.py --devices 0 1 2 3
    python tools/ablate.py configs/ablation/table2_small.py --variants "4 stages" "1 stages" --seeds 0 1 2

With --each-stage, what every stage predicts is tested beside the answer. Runs that are done are not repeated,
and those that were stopped go on. The table, of all that is done in WORK_DIR, goes to WORK_DIR/table.md and,
with every value, to WORK_DIR/table.json; how the loss's ratios went, to WORK_DIR/ratios.png and .svg.
"""

import argparse
from pathlib import Path

from fcn_plugin.command_line import add_options_of_runs, end_in_a_sentence
from fcn_plugin.errors import InputError, one_sentence_errors


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("config", help="a config with variants, relative to here or to the checkout")
    add("--variants", nargs="+", metavar="NAME", help="train these only (all)")
    add("--work-dir", type=Path, help="where the runs go (work_dirs/CONFIG_NAME)")
    add("--table-only", action="store_true", help="train nothing, only write the table of what is done")
    add("--each-stage", action="store_true", help="also test what each stage of the networks predicts")
    add_options_of_runs(parser)
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> None:
    arguments = parse_arguments(words)
    with one_sentence_errors():
        import json
        from functools import partial

        from fcn_plugin.engine.ablation import (
            ablation_table,
            evaluate_stage,
            find_stages,
            machines_of,
            plan_runs,
            plan_stages,
            planned_runs,
            summarise,
            train_and_test,
        )
        from fcn_plugin.engine.runs import execute
        from fcn_plugin.files import write_atomically
        from fcn_plugin.project import short_path

        work_dir = arguments.work_dir or Path("work_dirs", Path(arguments.config).stem)
        runs = []
        if not arguments.table_only:
            runs = plan_runs(
                arguments.config, arguments.variants, arguments.seeds, work_dir, arguments.cfg_options
            )
        planned = planned_runs(arguments.config, work_dir, arguments.cfg_options)
        try:
            devices, threads = arguments.devices or [None], arguments.threads
            execute(runs, partial(train_and_test, threads=threads), devices, print, threads)
            stages = plan_stages(runs) if arguments.each_stage else []
            execute(stages, partial(evaluate_stage, threads=threads), devices, print, threads)
        finally:
            told = [*planned, *find_stages(planned)]
            rows = summarise(arguments.config, told)
            if rows:
                figures = {
                    "config": short_path(arguments.config),
                    "options": arguments.cfg_options or {},
                    "machines": machines_of(told),
                    "rows": rows,
                }
                write_atomically(work_dir / "table.json", json.dumps(figures, indent=2) + "\n")
                write_atomically(work_dir / "table.md", ablation_table(rows))
        if not rows:
            raise InputError(f"{work_dir} has no results of {arguments.config} yet: leave out --table-only")
        print(ablation_table(rows), end="")
        print(f"table        {work_dir / 'table.md'}")
        for path in draw_ratios(planned, work_dir / "ratios"):
            print(f"ratios       {path}")


def draw_ratios(runs: list, stem: Path) -> list[Path]:
    """Draws the ratios that finished runs have logged; returns the files' paths, none without any."""
    from fcn_plugin.engine.scalars import read_scalars
    from fcn_plugin.plots.ratio_curves import draw_ratio_curves, ratio_history

    histories = {}
    for run in runs:
        history = ratio_history(*read_scalars(run.folder)) if run.results.exists() else None
        if history is not None:
            histories.setdefault(run.variant, []).append(history)
    return draw_ratio_curves(histories, stem) if histories else []


if __name__ == "__main__":
    end_in_a_sentence()
    main()
