#!/usr/bin/env python
"""Trains a network as its config says."""

import sys

from fcn_plugin.command_line import config_parser
from fcn_plugin.errors import one_sentence_errors


def main() -> None:
    parser = config_parser(__doc__, "train_dataloader.batch_size=4")
    parser.add_argument(
        "--resume",
        nargs="?",
        const=True,
        default=False,
        metavar="CHECKPOINT",
        help="go on from this checkpoint, or from the latest in the work folder",
    )
    parser.add_argument("--amp", action="store_true", help="mixed precision, bfloat16 if nothing else is set")
    parser.add_argument("--test", action="store_true", help="test the best checkpoint after training")
    arguments = parser.parse_args()

    from fcn_plugin.engine.launch import load_config, train

    with one_sentence_errors():
        config = load_config(arguments.config, arguments.cfg_options, arguments.work_dir, arguments.amp)
        try:
            train(config, arguments.resume, test_best=arguments.test)
        except KeyboardInterrupt:
            sys.exit(
                f"Stopped; with --resume, training goes on from the latest checkpoint in {config.work_dir}."
            )


if __name__ == "__main__":
    main()
