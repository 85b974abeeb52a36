"""Restores blurry photographs and videos.

    fcn-deblur photo.jpg folder/ clip.mp4 -o out/
    fcn-deblur --web

Results keep names, formats and metadata, but MPG, VOB, WMV and ASF become MKV. Folders are searched for
images and videos in all their folders, which are kept below the output folder. What is there already is
skipped, so that a command that was stopped goes on where it was when it is given again. No input is ever
written over. --web shows a page to drop photographs on instead.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from fcn_plugin.command_line import at_least, positive
from fcn_plugin.errors import InputError, one_sentence_errors
from fcn_plugin.inference.options import DTYPES, MODES, SMALLEST_TILE

OF_FILES = ("output", "overwrite", "compare")
OF_PAGE = ("host", "port", "max_megapixels", "max_upload")
"""Options that have no meaning for the other."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fcn_plugin.inference.deblurrer import Deblurrer


def parse_arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fcn-deblur", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("inputs", nargs="*", metavar="INPUT", help="images, videos and folders")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("restored"), help="folder of the results (%(default)s)"
    )
    parser.add_argument("--overwrite", action="store_true", help="make again what is there already")
    parser.add_argument(
        "--compare",
        action="store_true",
        help="also write input and result side by side, NAME.compare.jpg; of a video, its middle frame",
    )
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument("--weights", type=Path, help="weights file or checkpoint (those of the package)")
    weights.add_argument(
        "--onnx",
        type=Path,
        metavar="FILE",
        help="what tools/export_onnx.py made, by onnxruntime",
    )
    parser.add_argument("--device", help="cpu, cuda or cuda:1, say (a GPU where there is one)")
    parser.add_argument(
        "--dtype",
        choices=DTYPES,
        help="precision (float32 on a CPU, less on a GPU)",
    )
    parser.add_argument(
        "--mode",
        choices=MODES,
        help="pool queries over windows as large as the training's patches, so that images may go through in "
        f"tiles, or over the image's own patches, as the paper does ({MODES[0]})",
    )
    parser.add_argument(
        "--tile",
        type=at_least(SMALLEST_TILE),
        metavar="PIXELS",
        help=f"restore squares of this side, feathered together: {SMALLEST_TILE} or more, which takes longer "
        "(the whole image where it fits into memory, else what fits)",
    )
    parser.add_argument(
        "--max-memory",
        type=positive,
        metavar="GB",
        help="take no more memory than this (4 on a CPU, what is free on a GPU)",
    )
    parser.add_argument(
        "--self-ensemble", action="store_true", help="mean over 8 flips and rotations, in 8 times the time"
    )
    page = parser.add_argument_group("web page")
    page.add_argument("--web", action="store_true", help="serve a page to drop photographs on")
    page.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s: this computer)")
    page.add_argument("--port", type=at_least(1, at_most=65535), help="(the first free one from 7860 on)")
    page.add_argument(
        "--max-megapixels", type=positive, default=16, metavar="MP", help="of a photograph (%(default)s)"
    )
    page.add_argument("--max-upload", type=positive, default=32, metavar="MB", help="of a file (%(default)s)")
    arguments = parser.parse_args(words)
    if arguments.web and arguments.inputs:
        parser.error("--web takes no INPUT: drop photographs on the page")
    if not arguments.web and not arguments.inputs:
        parser.error("give an INPUT to restore, or --web")
    for name in OF_FILES if arguments.web else OF_PAGE:
        if getattr(arguments, name) != parser.get_default(name):
            option = name.replace("_", "-")
            parser.error(
                f"--{option} is for {'files' if arguments.web else '--web'}: leave out one of the two"
            )
    return arguments


def open_deblurrer(arguments: argparse.Namespace) -> "Deblurrer":
    from fcn_plugin.inference.deblurrer import Deblurrer
    from fcn_plugin.inference.onnx_network import OnnxNetwork

    deblurrer = Deblurrer(
        arguments.onnx or arguments.weights,
        device=arguments.device,
        dtype=arguments.dtype,
        mode=arguments.mode,
        tile=arguments.tile,
        self_ensemble=arguments.self_ensemble,
        max_memory=arguments.max_memory,
    )
    if arguments.onnx and not isinstance(deblurrer.network, OnnxNetwork):
        raise InputError(f"{arguments.onnx}: is no ONNX file; give it as --weights, or export it first")
    return deblurrer


def show_page(arguments: argparse.Namespace) -> None:
    """Serves the web page until it is interrupted."""
    from fcn_plugin.inference.web import Limits, serve

    limits = Limits(megapixels=arguments.max_megapixels, megabytes=arguments.max_upload)
    serve(open_deblurrer(arguments), arguments.host, arguments.port, limits)


def restore(arguments: argparse.Namespace) -> int:
    """Restores files as the command line says; how many results or comparisons could not be written."""
    from fcn_plugin.inference.batch import Batch
    from fcn_plugin.inference.ledger import Ledger
    from fcn_plugin.inference.tasks import find_tasks

    deblurrer = open_deblurrer(arguments)
    options = {
        "weights": deblurrer.description["sha256"],
        "dtype": str(deblurrer.dtype),
        "mode": deblurrer.mode,
        "tile": arguments.tile,
        "self_ensemble": arguments.self_ensemble,
    }
    batch = Batch(
        deblurrer.restore, Ledger(arguments.output, options), arguments.overwrite, arguments.compare
    )
    batch.run(find_tasks(arguments.inputs, arguments.output))
    counts = f"{batch.restored} restored, {batch.skipped} skipped that had been before, {batch.failed} failed"
    if batch.not_compared:
        counts += f"; {batch.not_compared} of them not compared"
    if sys.stdout is not None:  # as after `>&-`
        sys.stdout.reconfigure(errors="backslashreplace")  # names may have what the terminal has not
        try:
            print(f"{arguments.output}: {counts}.", flush=True)
        except OSError as error:
            # Python would try once more to write the rest when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):
                raise
            raise InputError(f"standard output takes nothing ({error.strerror}); make room there.") from error
    return batch.failed + batch.not_compared


def main(words: list[str] | None = None) -> None:
    arguments = parse_arguments(words)
    # What a scheduler sends is Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with one_sentence_errors():
            if arguments.web:
                return show_page(arguments)
            failed = restore(arguments)
    except KeyboardInterrupt:
        print("Stopped before all was done; the same command goes on from here.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)  # nobody reads on, as with `| head`
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
