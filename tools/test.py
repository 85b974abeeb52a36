#!/usr/bin/env python
"""Evaluates a checkpoint on the test sets of its config."""

import argparse

from mmengine.config import DictAction

from fcn_plugin.engine.launch import load_config, test
from fcn_plugin.errors import one_sentence_errors


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="config file, relative to here or to the checkout")
    parser.add_argument("checkpoint", help="checkpoint file")
    parser.add_argument("--work-dir", help="folder for results and pictures (work_dirs/CONFIG_NAME)")
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=DictAction,
        metavar="KEY=VALUE",
        help="override the config, such as default_hooks.comparison.images=100",
    )
    return parser.parse_args()


if __name__ == "__main__":
    arguments = parse_arguments()
    with one_sentence_errors():
        test(load_config(arguments.config, arguments.cfg_options, arguments.work_dir), arguments.checkpoint)
