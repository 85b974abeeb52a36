#!/usr/bin/env python
"""Trains a network as its config says."""

import argparse

from mmengine.config import DictAction

from fcn_plugin.engine.launch import load_config, train
from fcn_plugin.errors import one_sentence_errors


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="config file, relative to here or to the checkout")
    parser.add_argument(
        "--work-dir", help="folder for logs, checkpoints and pictures (work_dirs/CONFIG_NAME)"
    )
    parser.add_argument(
        "--resume",
        nargs="?",
        const=True,
        default=False,
        metavar="CHECKPOINT",
        help="go on from this checkpoint, or from the latest in the work folder",
    )
    parser.add_argument("--amp", action="store_true", help="mixed precision on a GPU, bfloat16 by default")
    parser.add_argument("--test", action="store_true", help="test the best checkpoint after training")
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=DictAction,
        metavar="KEY=VALUE",
        help="override the config, such as train_dataloader.batch_size=4",
    )
    return parser.parse_args()


if __name__ == "__main__":
    arguments = parse_arguments()
    with one_sentence_errors():
        config = load_config(arguments.config, arguments.cfg_options, arguments.work_dir, arguments.amp)
        train(config, arguments.resume, arguments.test)
