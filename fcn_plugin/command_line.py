"""What several commands take. Imports nothing heavy, so that ``--help`` answers at once."""

import argparse
import math
import signal
import sys
from collections.abc import Callable
from typing import Any


class ConfigOptions(argparse.Action):
    """MMEngine's ``DictAction``, which makes a dict of KEY=VALUE words, imported once there are some."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option_string: str | None = None
    ) -> None:
        from mmengine.config import DictAction

        DictAction(self.option_strings, self.dest)(parser, namespace, values, option_string)


def at_least(lowest: int, at_most: float = math.inf) -> Callable[[str], int]:
    """An argument's type: whole numbers from ``lowest`` up, or to ``at_most``."""
    wanted = f"{lowest} or more" if at_most == math.inf else f"{lowest} to {at_most}"

    def number(word: str) -> int:
        if not lowest <= int(word) <= at_most:
            raise argparse.ArgumentTypeError(f"must be {wanted}, not {word}")
        return int(word)

    return number


def positive(word: str) -> float:
    """An argument's type: finite numbers above zero."""
    if not 0 < float(word) < math.inf:
        raise argparse.ArgumentTypeError(f"must be more than 0 and finite, not {word}")
    return float(word)


def end_in_a_sentence() -> None:
    """Has Ctrl-C, and what a scheduler sends, end a command that goes on when it is given again."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(
            ending, lambda *_: sys.exit("Ended before it was done; the same command goes on from here.")
        )


def add_options_of_runs(parser: argparse.ArgumentParser) -> None:
    """Adds ``--seeds``, ``--devices``, ``--threads`` and ``--cfg-options``, for commands of many runs."""
    add = parser.add_argument
    add("--seeds", nargs="+", type=at_least(0, at_most=2**32 - 1), default=[0], help="(%(default)s)")
    add("--devices", nargs="+", metavar="GPU", help="numbers of GPUs, a run on each at a time (one run)")
    add("--threads", type=at_least(1), help="of each run on the CPU (PyTorch's choice)")
    add(
        "--cfg-options",
        nargs="+",
        action=ConfigOptions,
        metavar="KEY=VALUE",
        help="override every run's config",
    )


def config_parser(description: str, options_example: str) -> argparse.ArgumentParser:
    """A parser of the config, ``--work-dir`` and ``--cfg-options``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("config", help="config file, relative to here or to the checkout")
    parser.add_argument("--work-dir", help="folder for all that is written (work_dirs/CONFIG_NAME)")
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=ConfigOptions,
        metavar="KEY=VALUE",
        help=f"override the config, such as {options_example}",
    )
    return parser
