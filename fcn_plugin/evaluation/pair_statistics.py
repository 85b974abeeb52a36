"""How strong the blur of a set of pairs is, to hold two sets beside each other."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from rich.markup import escape
from rich.table import Table
from torch import Tensor

from .psnr import psnr
from .ssim import ssim

PERCENTILES = (5, 25, 50, 75, 95)
NAMES = {"PSNR": "PSNR, dB", "SSIM": "SSIM (matlab)", "gradient energy": "gradient energy, blurry / sharp"}


def gradient_energy(image: Tensor) -> Tensor:
    """Mean square of the differences between neighbouring pixels' grey values, across and down.

    Args:
        image: uint8 RGB, (..., 3, height, width).

    Returns:
        Float64, (...).
    """
    grey = image.double().mean(dim=-3)
    return sum(grey.diff(dim=dim).square().mean(dim=(-2, -1)) for dim in (-2, -1))


def crops(image: Tensor, size: int) -> Tensor:
    """Evenly spread crops (n, 3, size, size) that cover an image (3, H, W), as few as possible.

    A ``size`` of 0 stands for the whole image; a smaller image has no crops.
    """
    if not size:
        return image[None]
    if min(image.shape[1:]) < size:
        return image.new_empty(0, 3, size, size)
    tops, lefts = (
        torch.linspace(0, side - size, -(-side // size)).round().int().tolist() for side in image.shape[1:]
    )
    return torch.stack([image[:, y : y + size, x : x + size] for y in tops for x in lefts])


def pair_statistics(pairs: Iterable[tuple[Tensor, Tensor]], crop_size: int = 256) -> dict[str, list[float]]:
    """Scores of each crop of pairs (blurry, sharp), each (3, H, W) uint8 RGB.

    ``PSNR`` and ``SSIM`` (matlab's protocol) of the blurry crop, and the ``gradient energy`` that blur has
    left of the sharp crop's. Crops of one size make sets comparable whose images differ in size. A crop whose
    two images are equal has no PSNR and is left out, as is one without any gradient.
    """
    scores: dict[str, list[float]] = {name: [] for name in NAMES}
    for blurry, sharp in pairs:
        blurry, sharp = crops(blurry, crop_size), crops(sharp, crop_size)
        if not len(blurry):
            continue
        values = [
            psnr(blurry, sharp),
            ssim(blurry, sharp),
            gradient_energy(blurry) / gradient_energy(sharp),
        ]
        whole = torch.stack(values)  # (scores, crops)
        for name, row in zip(scores, whole[:, torch.isfinite(whole).all(dim=0)], strict=True):
            scores[name].extend(row.tolist())
    return scores


def summarise(values: Sequence[float]) -> dict[str, float]:
    """Mean, standard deviation and percentiles of at least one value."""
    tensor = torch.tensor(values, dtype=torch.float64)
    percentiles = tensor.quantile(torch.tensor(PERCENTILES, dtype=torch.float64) / 100).tolist()
    named = {f"{percentile} %": value for percentile, value in zip(PERCENTILES, percentiles, strict=True)}
    return {"mean": tensor.mean().item(), "deviation": tensor.std(correction=0).item(), **named}


def statistics_table(summaries: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    """One row per score and set of {set: {score: summary}}, sets side by side below each score."""
    table = Table("score", "pairs", "mean", "deviation", *(f"{percentile} %" for percentile in PERCENTILES))
    for name, title in NAMES.items():
        for index, (place, scores) in enumerate(summaries.items()):
            cells = [f"{value:.2f}" if name == "PSNR" else f"{value:.3f}" for value in scores[name].values()]
            table.add_row(title if index == 0 else "", escape(place), *cells)
        table.add_section()
    return table
