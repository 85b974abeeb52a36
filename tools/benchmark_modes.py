#!/usr/bin/env python
"""Measures which way of restoring images larger than the training's crops is best, on pairs, in one run.

    python tools/benchmark_modes.py fcn.safetensors --name "my pairs" \\
        --input data/pairs/val/blur --target data/pairs/val/sharp

Beside the modes of Deblurrer, "windows" restores windows as large as the training's crops, each as an image
of its own, and feathers them together: the statistics of training, for the price of the overlaps.
"""

import argparse
from pathlib import Path

from fcn_plugin.command_line import at_least
from fcn_plugin.errors import InputError, one_sentence_errors
from fcn_plugin.inference.options import MODES

WAYS = {
    "global": "queries are pooled over the patches of the image itself, as the paper does it",
    "local": "queries are pooled over windows as large as the patches of the training",
    "windows": "no mode of `Deblurrer`: windows as large as the training's crops are restored by `global`, "
    "each as an image of its own, and feathered together",
}
"""What the page says of each."""


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("weights", type=Path, help="a weights file that says which crops it was trained on")
    add("--input", required=True, help="the blurry images: a folder or an LMDB")
    add("--target", required=True, help="the sharp images")
    add("--name", required=True, help="what the page calls the pairs, such as 'REDS val 001'")
    add("--images", type=at_least(1), help="how many pairs, spread evenly (all)")
    add("--ways", nargs="+", default=list(WAYS), choices=WAYS, help="(all)")
    add("--device", help="(a GPU where there is one)")
    add("--dtype", default="float32", help="(%(default)s)")
    add("--page", type=Path, help="a Markdown file to write the table to")
    return parser.parse_args(words)


def measure(arguments: argparse.Namespace) -> str:
    """The page: a table of the ways, and what it was measured with."""
    import time
    from functools import partial

    import numpy as np
    import torch

    from fcn_plugin import Deblurrer
    from fcn_plugin.datasets import PairedImageDataset
    from fcn_plugin.evaluation import psnr, ssim
    from fcn_plugin.inference.tiles import restore_in_tiles, spans
    from fcn_plugin.machine import machine_facts
    from fcn_plugin.markdown import circumstances, table

    def restore_in_windows(deblur: Deblurrer, crop: tuple[int, int], image: np.ndarray) -> np.ndarray:
        """An eighth of the window on each side is context, another the ramp to the next one."""
        rows, columns = (
            spans(length, side, side // 8, side // 8, 1)
            for length, side in zip(image.shape[:2], crop, strict=True)
        )
        return restore_in_tiles(deblur.restore, image, rows, columns)

    build = partial(Deblurrer, arguments.weights, device=arguments.device, dtype=arguments.dtype)
    plain = build(mode="global")
    crop = plain.description.get("training", {}).get("crop_size")
    if crop is None:
        raise InputError(f"{arguments.weights}: does not say what crops it was trained on; export it anew")
    ways = {
        "global": plain.restore,
        "local": build(mode="local", max_memory=1e3).restore,
        "windows": partial(restore_in_windows, plain, crop),
    }
    pairs = PairedImageDataset(arguments.input, arguments.target, "pairs")
    step = max(len(pairs) // (arguments.images or len(pairs)), 1)
    indices = range(0, len(pairs), step)[: arguments.images]

    def score(image: np.ndarray, sharp: np.ndarray) -> tuple[float, float]:
        """PSNR and SSIM-matlab."""
        both = [torch.from_numpy(array).movedim(-1, 0) for array in (image, sharp)]
        return float(psnr(*both)), float(ssim(*both, "matlab"))

    scores, seconds, sizes = {way: [] for way in ("blurry", *arguments.ways)}, dict.fromkeys(ways, 0.0), set()
    for index in indices:
        pair = pairs[index]
        blurry, sharp = np.array(pair["img"]), np.array(pair["gt"])
        sizes.add(f"{blurry.shape[0]}×{blurry.shape[1]}")
        scores["blurry"].append(score(blurry, sharp))
        for way in arguments.ways:
            start = time.perf_counter()
            restored = ways[way](blurry.astype(np.float32) / 255)
            seconds[way] += time.perf_counter() - start
            scores[way].append(score(np.rint(restored * 255).astype(np.uint8), sharp))
        print(pair["key"], *(f"{way} {values[-1][0]:.3f}" for way, values in scores.items()), flush=True)

    lines = [
        f"`{plain.description['name']}`, sha256 {plain.description['sha256'][:12]}, trained on crops of "
        f"{crop[0]}×{crop[1]}; on {arguments.name}, {len(indices)} pairs of {', '.join(sorted(sizes))}.",
        "",
    ]
    rows, blurry_scores = [], np.mean(scores["blurry"], axis=0)
    for way in arguments.ways:
        means = np.mean(scores[way], axis=0)
        cells = [f"{way} (the default)" if way == MODES[0] else way]
        for mean, gain, digits in zip(means, means - blurry_scores, (3, 4), strict=True):
            cells += [f"{mean:.{digits}f}", f"{gain:+.{digits}f}"]
        rows.append([*cells, f"{seconds[way] / len(indices):.1f}"])
    against = "against blurry"
    lines += [
        *table(["mode", "PSNR (dB)", against, "SSIM-matlab", against, "s per image"], rows),
        "",
        *(f"- `{way}`: {WAYS[way]}." for way in arguments.ways),
        "",
        f"{arguments.dtype}; {circumstances(machine_facts(plain.device.type))}.",
    ]
    return "\n".join(lines) + "\n"


def main(words: list[str] | None = None) -> None:
    arguments = parse_arguments(words)
    with one_sentence_errors():
        page = measure(arguments)
        print(page)
        if arguments.page:
            from fcn_plugin.files import write_atomically

            write_atomically(arguments.page, "# Modes of inference\n\n" + page)


if __name__ == "__main__":
    main()
