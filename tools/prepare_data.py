"""Builds LMDBs, one file in place of thousands, from a dataset's folders of images.

    python tools/prepare_data.py gopro --source ~/Downloads/GOPRO_Large --out data/GoPro
    python tools/prepare_data.py hide --source ~/Downloads/HIDE --out data/HIDE
    python tools/prepare_data.py folder --source photographs --out data/photographs.lmdb

Each LMDB appears whole or not at all; running a command again writes only what is missing.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from fcn_plugin.errors import one_sentence_errors


def plan_gopro(arguments: argparse.Namespace) -> list:
    from fcn_plugin.datasets import GoProDataset

    return plan_datasets(
        [
            GoProDataset(arguments.source, split, blur, storage="folder")
            for split in arguments.splits
            for blur in arguments.blur or ["linear"]
        ],
        arguments.out,
    )


def plan_hide(arguments: argparse.Namespace) -> list:
    from fcn_plugin.datasets import HIDEDataset

    return plan_datasets([HIDEDataset(arguments.source, storage="folder")], arguments.out)


def plan_folder(arguments: argparse.Namespace) -> list:
    from fcn_plugin.datasets.storage import FolderStore, LMDBPlan

    store = FolderStore(arguments.source)
    return [LMDBPlan(arguments.out, store, store.keys(), {"dataset": arguments.out.stem})]


def plan_datasets(datasets: list, out: Path) -> list:
    plans = {}
    for dataset in datasets:
        dataset.check_sizes()
        # Both kinds of blur share one LMDB of sharp images.
        plans.update({plan.path: plan for plan in dataset.lmdb_plans(out)})
    return list(plans.values())


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="{gopro,hide,folder}")
    for name, plan, help_text in (
        ("gopro", plan_gopro, "GoPro, from the official release or a tree of input/ and target/"),
        ("hide", plan_hide, "HIDE, likewise"),
        ("folder", plan_folder, "any folder of images, into one LMDB"),
    ):
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(plan=plan)
        command.add_argument("--source", type=Path, required=True, help="the folder of images")
        command.add_argument("--out", type=Path, required=True, help="where the LMDBs go, or NAME.lmdb")
        command.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (%(default)s)")
        command.add_argument("--overwrite", action="store_true", help="write again what is there already")
        if name == "gopro":
            splits, blurs = ("train", "test"), ("linear", "gamma")
            command.add_argument("--splits", nargs="+", choices=splits, default=splits)
            command.add_argument(
                "--blur", action="append", choices=blurs, help="given twice for both (linear)"
            )
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> None:
    arguments = parse_arguments(words)
    with one_sentence_errors():
        from fcn_plugin.datasets.storage import write_lmdbs

        write_lmdbs(arguments.plan(arguments), arguments.workers, overwrite=arguments.overwrite)


if __name__ == "__main__":
    # Ended from outside, as by a scheduler, it removes what is half-built as it does after an error.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended before it was done."))
    main()
