#!/usr/bin/env python
"""Evaluates a checkpoint, or a weights file, on the test sets of its config."""

from fcn_plugin.command_line import config_parser
from fcn_plugin.errors import one_sentence_errors


def main() -> None:
    parser = config_parser(__doc__, "default_hooks.comparison.images=100")
    parser.add_argument(
        "checkpoint",
        nargs="?",
        help="checkpoint or weights file (the published weights that the config names, if it does)",
    )
    parser.add_argument(
        "--save-images", metavar="FOLDER", help="save every restored image as FOLDER/DATASET/KEY.png"
    )
    arguments = parser.parse_args()

    from fcn_plugin.engine.launch import load_config, test

    with one_sentence_errors():
        options = dict(arguments.cfg_options or {})
        if arguments.save_images:
            hook = {"type": "RestoredImageHook", "folder": arguments.save_images}
            options["default_hooks.restored_images"] = hook
        test(load_config(arguments.config, options, arguments.work_dir), arguments.checkpoint)


if __name__ == "__main__":
    main()
