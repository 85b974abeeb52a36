#!/usr/bin/env python
"""The paper's comparisons, and the model cards, from result files on disk.

    python tools/report.py table1
    python tools/report.py table1 FCN=work_dirs/fcn_gopro/results.json work_dirs/nafnet32_gopro/results.json
    python tools/report.py figure1 FCN=work_dirs/fcn_gopro/results.json
    python tools/report.py figure6 --blurry "data/GoPro/test/*/blur/*" --sharp "data/GoPro/test/*/sharp/*" \\
        --images NAFNet=restored/nafnet32/GoPro FCN=restored/fcn/GoPro
    python tools/report.py cards work_dirs/fcn_gopro/results.json

Results files are those of tools/test.py: PATH or NAME=PATH (a NAME has no "="), and all
work_dirs/*/results.json where none is named (but for the cards, into which only those that are named go).
Pictures are in folders, as tools/test.py --save-images leaves them, in LMDBs, or at patterns whose stars make
up a picture's name.
"""

import argparse
from pathlib import Path

from fcn_plugin.command_line import at_least
from fcn_plugin.errors import one_sentence_errors
from fcn_plugin.project import PROJECT


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run, help: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help, description=help)
        added.set_defaults(run=run)
        return added

    table = command("table1", make_table1, "published rows beside measured ones, as Markdown and JSON")
    table.add_argument("results", nargs="*", metavar="[NAME=]RESULTS", help="files of tools/test.py")
    table.add_argument("--out", type=Path, default=Path("work_dirs/report"), help="folder (%(default)s)")

    scatter = command("figure1", make_figure1, "PSNR against SSIM of the same rows, as PNG and SVG")
    scatter.add_argument("results", nargs="*", metavar="[NAME=]RESULTS", help="files of tools/test.py")
    scatter.add_argument("--datasets", nargs="+", metavar="NAME", help="these only (all)")
    scatter.add_argument("--out", type=Path, default=Path("work_dirs/report"), help="folder (%(default)s)")

    visual = command("figure6", make_figure6, "the same crops by every method, as a PNG and an HTML page")
    visual.add_argument("--blurry", required=True, metavar="PLACE", help="the blurry pictures")
    visual.add_argument("--sharp", required=True, metavar="PLACE", help="the sharp pictures")
    visual.add_argument(
        "--images", nargs="+", required=True, metavar="NAME=PLACE", help="restored by each method, ours last"
    )
    visual.add_argument("--keys", nargs="+", default=[], help="which pictures (spread evenly)")
    visual.add_argument(
        "--pictures", type=at_least(1), default=3, help="how many without --keys (%(default)s)"
    )
    visual.add_argument("--crops", type=at_least(1), default=2, help="of each picture (%(default)s)")
    visual.add_argument(
        "--crop", nargs="+", default=[], metavar="X,Y,W,H", help="pixels (where there is detail)"
    )
    visual.add_argument("--out", type=Path, default=Path("work_dirs/report"), help="folder (%(default)s)")

    cards = command("cards", update, "counts the networks anew, records results, and writes docs/models.md")
    cards.add_argument("results", nargs="*", metavar="RESULTS", help="files of tools/test.py to record")
    cards.add_argument("--weights", type=Path, help="file of the weights tested in the one RESULTS")
    cards.add_argument("--licence", help="of these weights")
    cards.add_argument("--index", type=Path, default=PROJECT / "model-index.yml", help="(%(default)s)")
    cards.add_argument("--page", type=Path, default=PROJECT / "docs/models.md", help="(%(default)s)")
    return parser.parse_args(words)


def make_table1(arguments: argparse.Namespace) -> None:
    import json

    from fcn_plugin.files import write_atomically
    from fcn_plugin.report.comparison import read_rows
    from fcn_plugin.report.table1 import table1, table1_data

    rows = read_rows(arguments.results)
    write_atomically(arguments.out / "table1.json", json.dumps(table1_data(rows), indent=2) + "\n")
    write_atomically(arguments.out / "table1.md", table1(rows))
    print(table1(rows), end="")
    print("\ntable       ", arguments.out / "table1.md", arguments.out / "table1.json")


def make_figure1(arguments: argparse.Namespace) -> None:
    from fcn_plugin.plots.style import save_figure
    from fcn_plugin.report.comparison import read_rows
    from fcn_plugin.report.scatter import draw_scatter

    figure = draw_scatter(read_rows(arguments.results), arguments.datasets)
    print("figure      ", *save_figure(figure, arguments.out / "figure1"))


def make_figure6(arguments: argparse.Namespace) -> None:
    from fcn_plugin.files import write_atomically
    from fcn_plugin.plots.style import figure_bytes
    from fcn_plugin.report.visual_comparison import parse_crop, parse_places, read_scenes
    from fcn_plugin.report.visual_figure import DPI, draw_scenes
    from fcn_plugin.report.visual_page import scenes_page

    scenes = read_scenes(
        parse_places(arguments.blurry, arguments.images, arguments.sharp),
        arguments.keys,
        arguments.pictures,
        [parse_crop(word) for word in arguments.crop],
        arguments.crops,
    )
    write_atomically(arguments.out / "figure6.png", figure_bytes(draw_scenes(scenes), "png", DPI))
    write_atomically(arguments.out / "figure6.html", scenes_page(scenes))
    print("figure      ", arguments.out / "figure6.png", arguments.out / "figure6.html")


def update(arguments: argparse.Namespace) -> None:
    from fcn_plugin.files import write_atomically
    from fcn_plugin.report.card_update import update_cards
    from fcn_plugin.report.measurement import read_measurement
    from fcn_plugin.report.model_cards import metafiles, read_model_cards
    from fcn_plugin.report.models_page import models_page

    measurements = [read_measurement(path) for path in arguments.results]
    update_cards(measurements, arguments.weights, arguments.licence, arguments.index)
    write_atomically(arguments.page, models_page(read_model_cards(arguments.index)))
    print(f"cards        {', '.join(map(str, metafiles(arguments.index)))}")
    print(f"page         {arguments.page}")


def main(words: list[str] | None = None) -> None:
    arguments = parse_arguments(words)
    with one_sentence_errors():
        arguments.run(arguments)


if __name__ == "__main__":
    main()
