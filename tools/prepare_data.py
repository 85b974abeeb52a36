"""Builds LMDBs, one file in place of thousands, from a dataset as it is released.

    python tools/prepare_data.py gopro --source ~/Downloads/GOPRO_Large.zip --out data/GoPro
    python tools/prepare_data.py reds --source ~/Downloads/REDS --out data/REDS --splits val
    python tools/prepare_data.py folder --source photographs --out data/photographs.lmdb
    python tools/prepare_data.py gopro --out data/GoPro --verify

The source is a folder, a zip archive, which is read in place, a folder that holds the release's zip
archives, or LMDBs. A command that was stopped goes on where it was when it is given again.
"""

import argparse
import itertools
import os
import sys
from pathlib import Path
from typing import Any

from fcn_plugin.command_line import at_least, end_in_a_sentence
from fcn_plugin.errors import InputError, one_sentence_errors

# Each command's dataset, and the constructor's argument that each option gives one value after the other.
DATASETS = {
    "gopro": ("GoProDataset", {"splits": "split", "blur": "blur"}),
    "hide": ("HIDEDataset", {}),
    "reds": ("REDSDataset", {"splits": "split"}),
    "realblur": ("RealBlurDataset", {"subsets": "subset", "splits": "split"}),
}


def plan_dataset(arguments: argparse.Namespace) -> list:
    from rich.console import Console
    from rich.progress import track

    plans = {}
    for dataset in open_parts(arguments):
        if not arguments.incomplete:
            dataset.check_count()
        keys = track(dataset.keys(), "Comparing sizes", console=Console(stderr=True))
        sizes = {dataset.check_size(key) for key in keys}
        if not arguments.incomplete:
            dataset.check_published_size(sizes)
        # Both kinds of blur share one LMDB of sharp images.
        plans.update({plan.path: plan for plan in dataset.lmdb_plans(arguments.out)})
    return list(plans.values())


def open_parts(arguments: argparse.Namespace) -> list:
    """The chosen parts of the dataset; with ``--incomplete``, those of them that are there."""
    from fcn_plugin import datasets

    class_name, options = DATASETS[arguments.command]
    dataset_class = getattr(datasets, class_name)
    found, missing = [], []
    for values in itertools.product(*(getattr(arguments, option) for option in options)):
        part = dict(zip(options.values(), values, strict=True))
        try:
            found.append(open_part(dataset_class, arguments.source, part))
        except datasets.NotFoundError as error:
            missing.append(error.missing)
    if not found:
        raise InputError(f"{missing[0]}: {dataset_class.HOW_TO_GET_IT}.")
    if missing and not arguments.incomplete:
        choices = " and ".join(f"--{option}" for option in options)
        raise InputError(
            f"{'; '.join(missing)}: choose what there is by {choices}, or give --incomplete for all of it."
        )
    return found


def open_part(dataset_class: type, source: Path, part: dict[str, str]) -> Any:
    """The images as released, or else LMDBs of them."""
    from fcn_plugin.datasets import NotFoundError

    try:
        return dataset_class(source, **part, storage="folder")
    except NotFoundError:
        return dataset_class(source, **part)


def plan_folder(arguments: argparse.Namespace) -> list:
    from fcn_plugin.datasets.storage import LMDBPlan, open_store

    store = open_store(arguments.source)
    return [LMDBPlan(arguments.out, store, store.keys(), {"dataset": arguments.out.stem})]


def verify(out: Path) -> bool:
    """Reads every LMDB that is or lies below ``out`` and prints what is broken; whether nothing is."""
    from fcn_plugin.datasets.storage import open_tree, verify_lmdb

    tree = open_tree(out)
    paths = [out] if out.suffix == ".lmdb" else sorted(map(tree.place, tree.find("**/*.lmdb")))
    if not paths:
        raise InputError(f"There are no LMDBs in {out}; prepare them with --source.")
    all_whole = True
    for path in paths:
        try:
            flaws = verify_lmdb(path)
            if flaws:
                flaws.append(f"{path}: {len(flaws)} broken; remove it and prepare it again.")
        except InputError as error:
            flaws = [str(error)]
        print(*flaws or [f"{path}: whole."], sep="\n")
        all_whole = all_whole and not flaws
    return all_whole


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, help_text in (
        ("gopro", "GoPro: GOPRO_Large.zip, its folders or a tree of input/ and target/"),
        ("hide", "HIDE's test set, likewise"),
        ("reds", "REDS: the zips of train_blur, train_sharp, val_blur and val_sharp, or their folders"),
        ("realblur", "RealBlur: the unpacked release, or a tree of input/ and target/"),
        ("folder", "any folder or zip of images, into one LMDB"),
    ):
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(plan=plan_dataset if name in DATASETS else plan_folder)
        what = command.add_mutually_exclusive_group(required=True)
        what.add_argument("--source", type=Path, help="a folder, a zip, or a folder that holds the zips")
        what.add_argument("--verify", action="store_true", help="only check the LMDBs in --out once more")
        command.add_argument("--out", type=Path, required=True, help="where the LMDBs go, or NAME.lmdb")
        command.add_argument(
            "--encoding",
            choices=("png", "raw"),
            default="png",
            help="png is small and what BasicSR reads, raw is fast: height × width × 3 bytes an image (png)",
        )
        command.add_argument(
            "--workers",
            type=at_least(0),
            # A scheduler or a container may give but a few of the cores; Windows and macOS cannot tell.
            default=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            help="processes beside this one (%(default)s)",
        )
        command.add_argument("--overwrite", action="store_true", help="write again what is there already")
        if name in DATASETS:
            command.add_argument(
                "--incomplete", action="store_true", help="take other numbers and sizes than were published"
            )
        if name == "gopro":
            add_choice(command, "--splits", "train", "test")
            command.add_argument(
                "--blur", action="append", choices=("linear", "gamma"), help="given twice for both (linear)"
            )
        if name == "reds":
            add_choice(command, "--splits", "train", "val")
        if name == "realblur":
            add_choice(command, "--subsets", "J", "R")
            add_choice(command, "--splits", "train", "test")
    arguments = parser.parse_args(words)
    if arguments.command == "gopro":
        arguments.blur = arguments.blur or ["linear"]
    return arguments


def add_choice(command: argparse.ArgumentParser, option: str, *choices: str) -> None:
    command.add_argument(option, nargs="+", choices=choices, default=choices, help="all by default")


def main(words: list[str] | None = None) -> None:
    arguments = parse_arguments(words)
    with one_sentence_errors():
        if arguments.verify:
            sys.exit(0 if verify(arguments.out) else 1)
        from fcn_plugin.datasets.storage import write_lmdbs

        write_lmdbs(arguments.plan(arguments), arguments.workers, arguments.encoding, arguments.overwrite)


if __name__ == "__main__":
    end_in_a_sentence()
    main()
