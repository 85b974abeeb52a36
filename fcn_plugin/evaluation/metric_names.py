"""How scores are named and shown: ``DATASET/METRIC``, ``DATASET/METRIC-blurry`` before restoration."""

from collections.abc import Iterable, Mapping

BLURRY = "blurry"
"""What the images before restoration are called."""
BASELINE = f"-{BLURRY}"
"""Ends the names of what the blurry images score."""
HIGHER, LOWER = "higher", "lower"
"""Which scores are better."""


def restored_names(names: Iterable[str]) -> list[str]:
    """The names that are of restored images, in their order."""
    return [name for name in names if not name.endswith(BASELINE)]


def baselines(metrics: Mapping[str, float]) -> dict[str, float]:
    """What the blurry images score, by the names that the restored images' scores have."""
    return {name.removesuffix(BASELINE): value for name, value in metrics.items() if name.endswith(BASELINE)}


def psnr_of(names: Iterable[str]) -> str:
    """The first name of a PSNR of restored images."""
    return next(name for name in names if name.endswith("PSNR"))


def digits_of(name: str) -> int:
    """How many decimals a score is shown with: 2 of a PSNR, which is in dB, 4 of any other."""
    return 2 if "PSNR" in name else 4
