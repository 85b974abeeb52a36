"""Makes blurry and sharp pairs from a video or from sharp photographs, and tells how strong blur is.

    python tools/synthesize.py video --source walk-240fps.mp4 --out data/walk
    python tools/synthesize.py photos --source data/photographs --out data/shaken --pairs 1000
    python tools/synthesize.py statistics data/shaken data/GoPro/train --out statistics.json
    python tools/synthesize.py cost --source data/photographs

A folder of pairs holds blur/, sharp/, README.md and samples to look at, samples.html and samples.png. It
appears whole or not at all, and the same command makes the same pairs again.
"""

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from fcn_plugin.command_line import ConfigOptions, at_least
from fcn_plugin.errors import InputError, one_sentence_errors

VIDEO_README = """\
# Pairs from a video

{count} frames/pair of {source} ({frame_rate:.2f} frames/s), averaged in linear light (gamma {gamma:g}){how};
the sharp image is the middle one. A file is named after the first frame it is made of. Seed {seed}.
"""
PHOTOS_README = """\
# Pairs from photographs

Made of the {photographs} photographs in {source}, blurred as a shaken camera would; the sharp image is the
middle of the exposure. A file is named pair-photograph. Seed {seed}.

| parameter | value |
|---|---|
{rows}
"""


def make_from_video(arguments: argparse.Namespace) -> None:
    import numpy as np
    from rich.console import Console
    from rich.progress import track

    from fcn_plugin.synthesis.pair_folder import Pair, write_pairs
    from fcn_plugin.synthesis.video import Video, ghosting_warning, pairs_from_video

    video = Video(arguments.source, arguments.scale)
    displacements = []

    def pairs() -> Iterator[Pair]:
        generator = np.random.default_rng(arguments.seed)
        made = pairs_from_video(video, arguments.frames, arguments.gamma, arguments.interpolate, generator)
        wanted = islice(made, arguments.pairs)
        for pair in track(wanted, "pairs", arguments.pairs, console=Console(stderr=True)):
            displacements.append(pair.displacement)
            yield Pair(f"{pair.first:06}", pair.blurry, pair.sharp)

    fewest, most = arguments.frames
    readme = VIDEO_README.format(
        count=fewest if fewest == most else f"{fewest} to {most}",
        source=video.path.name,
        frame_rate=video.frame_rate,
        gamma=arguments.gamma,
        how=", with frames interpolated by optical flow between them" if arguments.interpolate else "",
        seed=arguments.seed,
    )
    count = write_pairs(arguments.out, pairs(), readme, arguments.overwrite)
    report(arguments.out, count)
    warning = None if arguments.interpolate else ghosting_warning(video, displacements)
    if warning:
        print(f"warning: {warning}", file=sys.stderr)


def make_from_photos(arguments: argparse.Namespace) -> None:
    import dataclasses

    import numpy as np
    from rich.console import Console
    from rich.progress import track

    from fcn_plugin.datasets import SharpImageDataset
    from fcn_plugin.datasets.transforms import SynthesizeBlur
    from fcn_plugin.synthesis.pair_folder import Pair, write_pairs

    blur = SynthesizeBlur(arguments.size, arguments.shake, arguments.sensor, arguments.scales)
    photographs = SharpImageDataset(arguments.source, "photographs", pipeline=[blur])
    order = np.random.default_rng(arguments.seed).permutation(len(photographs))

    def pairs() -> Iterator[Pair]:
        for number in track(range(arguments.pairs), "pairs", console=Console(stderr=True)):
            # A seed of its own, so that a pair does not depend on how many come before it.
            seeds = np.random.SeedSequence([arguments.seed, number])
            np.random.seed(seeds.generate_state(1))  # noqa: NPY002  transforms draw from the global generator
            made = photographs[order[number % len(order)]]
            yield Pair(f"{number:06}-{made['key'].replace('/', '-')}", made["img"], made["gt"])

    parameters = {**dataclasses.asdict(blur.shake), **dataclasses.asdict(blur.sensor), "scales": blur.scales}
    readme = PHOTOS_README.format(
        photographs=len(photographs),
        source=arguments.source.name,
        seed=arguments.seed,
        rows="\n".join(f"| {name} | {shown(value)} |" for name, value in parameters.items()),
    )
    report(arguments.out, write_pairs(arguments.out, pairs(), readme, arguments.overwrite))


def measure_cost(arguments: argparse.Namespace) -> None:
    import time

    import cv2
    import numpy as np
    import torch
    from rich.table import Table
    from torch.utils.benchmark import Timer

    from fcn_plugin.datasets import SharpImageDataset, collate_pairs
    from fcn_plugin.datasets.transforms import PackPair, SynthesizeBlur
    from fcn_plugin.evaluation.table import print_unwrapped
    from fcn_plugin.machine import machine_facts
    from fcn_plugin.markdown import circumstances
    from fcn_plugin.models import SyntheticBlurPreprocessor

    cv2.setNumThreads(1)
    rendered, left = (
        SharpImageDataset(
            arguments.source,
            "photographs",
            pipeline=[SynthesizeBlur(arguments.size, render=render), PackPair()],
        )
        for render in (True, False)
    )

    def read(dataset: SharpImageDataset) -> list:
        np.random.seed(0)  # noqa: NPY002  the same crops for all
        return [dataset[index % len(dataset)] for index in range(arguments.batch)]

    preprocessor = SyntheticBlurPreprocessor().to(arguments.device)
    batch = preprocessor.cast_data(collate_pairs(read(left)))
    sub_frames = [len(sample.exposure.matrices) for sample in batch["data_samples"]]

    def blur() -> None:
        samples = [sample.clone() for sample in batch["data_samples"]]  # an exposure is used up
        preprocessor({**batch, "data_samples": samples}, training=True)

    table = Table("step", "device", "ms per crop", "crops/s")
    for step, device, run in (
        ("read and crop", "cpu", lambda: read(left)),
        ("read, crop and blur", "cpu", lambda: read(rendered)),
        ("blur a batch", arguments.device, blur),
    ):
        # Of one core, whatever else the machine does; a device is waited for.
        clock = {"timer": time.process_time} if device == "cpu" else {}
        timer = Timer("run()", globals={"run": run}, num_threads=1, **clock)
        seconds = timer.blocked_autorange(min_run_time=arguments.seconds).median / arguments.batch
        table.add_row(step, device, f"{1000 * seconds:.2f}", f"{1 / seconds:.1f}")
    print(circumstances(machine_facts(torch.device(arguments.device).type)))
    size = f"{arguments.size}×{arguments.size}"
    print(f"float32, {arguments.batch} crops of {size}, {np.mean(sub_frames):.1f} sub-frames each")
    print_unwrapped(table)


def shown(value: float | tuple | None) -> str:
    if value is None:
        return "none"
    return " to ".join(f"{end:g}" for end in value) if isinstance(value, tuple) else f"{value:g}"


def report(out: Path, count: int) -> None:
    print(f"{out}: {count} pairs; look at {out / 'samples.html'}")


def show_statistics(arguments: argparse.Namespace) -> None:
    import torch
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import track

    from fcn_plugin.datasets import PairedImageDataset
    from fcn_plugin.datasets.storage import FolderStore
    from fcn_plugin.evaluation.pair_statistics import pair_statistics, statistics_table, summarise
    from fcn_plugin.evaluation.table import print_unwrapped
    from fcn_plugin.files import write_atomically

    summaries = {}
    for folder in arguments.folders:
        stores = (FolderStore(folder, [f"**/{kind}/*"]) for kind in ("blur", "sharp"))
        dataset = PairedImageDataset(*stores, name=str(folder))
        pairs = (
            [torch.from_numpy(pair[name].copy()).permute(2, 0, 1) for name in ("img", "gt")]
            for pair in track(dataset, escape(str(folder)), console=Console(stderr=True))
        )
        scores = pair_statistics(pairs, arguments.crop)
        if not scores["PSNR"]:
            raise InputError(
                f"{folder} has no pair with a crop of {arguments.crop}×{arguments.crop} pixels that blur has "
                "changed; give a smaller --crop, or 0 for whole images."
            )
        summaries[str(folder)] = {name: summarise(values) for name, values in scores.items()}
    print_unwrapped(statistics_table(summaries))
    if arguments.out:
        facts = {"crop": arguments.crop, "statistics": summaries}
        write_atomically(arguments.out, json.dumps(facts, indent=2) + "\n")


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="{video,photos,statistics,cost}")

    def add(name: str, run, help_text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(run=run)
        return command

    video = add("video", make_from_video, "averages neighbouring frames of a video, as GoPro was made")
    photos = add("photos", make_from_photos, "blurs photographs along random camera paths")
    for command, source in ((video, "a video file"), (photos, "a folder or an LMDB of sharp photographs")):
        command.add_argument("--source", type=Path, required=True, help=source)
        command.add_argument("--out", type=Path, required=True, help="the folder of pairs to make")
        command.add_argument("--seed", type=at_least(0), default=0, help="of all that is drawn (%(default)s)")
        command.add_argument("--overwrite", action="store_true", help="replace what is at --out")
    video.add_argument("--pairs", type=at_least(1), help="at most so many; as many as there are by default")
    video.add_argument(
        "--frames",
        type=int,
        nargs=2,
        default=(7, 13),
        metavar=("FEWEST", "MOST"),
        help="frames per pair, an odd number of them (7 13)",
    )
    video.add_argument(
        "--gamma", type=float, default=2.2, help="from stored values to light; 1 averages the values (2.2)"
    )
    video.add_argument("--scale", type=float, default=1.0, help="make frames smaller by this factor (1)")
    video.add_argument(
        "--interpolate", action="store_true", help="fill in frames by optical flow where they are far apart"
    )
    photos.add_argument("--pairs", type=at_least(1), default=100, help="how many (%(default)s)")
    photos.add_argument(
        "--size", type=at_least(1), default=256, help="height and width of a pair (%(default)s)"
    )
    photos.add_argument(
        "--scales",
        type=float,
        nargs=2,
        default=(0.5, 1.0),
        metavar=("SMALLEST", "LARGEST"),
        help="factors by which photographs are resized first (0.5 1)",
    )
    for name, example in (("shake", "speed=0.2 reach=20"), ("sensor", "read_noise=0,0.01")):
        photos.add_argument(
            f"--{name}",
            nargs="+",
            action=ConfigOptions,
            metavar="KEY=VALUE",
            help=f"parameters of {'CameraShake' if name == 'shake' else 'Sensor'}, such as {example}",
        )
    statistics = add("statistics", show_statistics, "compares the blur of folders of pairs, side by side")
    statistics.add_argument("folders", type=Path, nargs="+", help="each holds blur/ and sharp/ somewhere")
    statistics.add_argument(
        "--crop",
        type=at_least(0),
        default=256,
        help="compare crops of this size; 0 for whole images (%(default)s)",
    )
    statistics.add_argument("--out", type=Path, help="also write the numbers to this JSON file")
    cost = add("cost", measure_cost, "times the blurring of photographs, in a worker and on the device")
    cost.add_argument("--source", type=Path, required=True, help="a folder or an LMDB of sharp photographs")
    cost.add_argument("--size", type=at_least(1), default=256, help="of the crops (%(default)s)")
    cost.add_argument("--batch", type=at_least(1), default=16, help="crops at a time (%(default)s)")
    cost.add_argument("--device", default="cpu", help="that blurs a batch, such as cuda (%(default)s)")
    cost.add_argument("--seconds", type=float, default=5.0, help="per step, at least (%(default)s)")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> None:
    arguments = parse_arguments(words)
    with one_sentence_errors():
        arguments.run(arguments)


if __name__ == "__main__":
    # Ended from outside, as by a scheduler, it removes what is half-built as it does after an error.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended before it was done."))
    main()
