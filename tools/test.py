#!/usr/bin/env python
"""Evaluates a checkpoint on the test sets of its config."""

from fcn_plugin.engine.launch import config_parser, load_config, test
from fcn_plugin.errors import one_sentence_errors


def main() -> None:
    parser = config_parser(__doc__, "default_hooks.comparison.images=100")
    parser.add_argument("checkpoint", help="checkpoint file")
    arguments = parser.parse_args()
    with one_sentence_errors():
        test(load_config(arguments.config, arguments.cfg_options, arguments.work_dir), arguments.checkpoint)


if __name__ == "__main__":
    main()
