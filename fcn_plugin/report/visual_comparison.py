"""The same pictures by several methods, and where in them to look."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple

import cv2
import numpy as np
import torch

from fcn_plugin.datasets.storage import FolderStore, ImageStore, open_store
from fcn_plugin.errors import InputError
from fcn_plugin.evaluation import psnr
from fcn_plugin.evaluation.metric_names import BLURRY

from .measurement import split_name

SHARP = "sharp"
CROP_SHARE = 8  # a crop's share of the picture's width, one in so many
CROP_SHAPE = 4 / 3  # width by height
LEAST_CROP = 24  # pixels across
LEAST_DETAIL = 0.5  # of that in the crop with most of it


class Crop(NamedTuple):
    """A rectangle of a picture, in pixels from its upper left corner."""

    x: int
    y: int
    width: int
    height: int

    def of(self, image: np.ndarray) -> np.ndarray:
        """What an image (height, width, channels) has there."""
        return image[self.y : self.y + self.height, self.x : self.x + self.width]


@dataclass(frozen=True)
class Scene:
    """One picture by every method, each height × width × 3, RGB, uint8.

    ``images`` are by the methods' names, `BLURRY` first and `SHARP` last. ``psnr`` is that of the whole
    picture, in dB, of all but the sharp one.
    """

    key: str
    images: dict[str, np.ndarray]
    psnr: dict[str, float]
    crops: tuple[Crop, ...]


def open_images(place: str) -> ImageStore:
    """Opens a folder, an archive, an LMDB, or a pattern, whose stars make up the keys: ``test/*/blur/*``.

    Raises `InputError` where there are no images.
    """
    parts = PurePath(place).parts
    stars = next((index for index, part in enumerate(parts) if "*" in part), None)
    if stars is None:
        return open_store(place)
    if not place.endswith("*"):
        raise InputError(f"{place}: a pattern must end in a star, for the names of the images")
    return FolderStore(str(Path(*parts[:stars])), ("/".join(parts[stars:]),))


def read_scenes(
    places: Mapping[str, str],
    keys: Sequence[str] = (),
    pictures: int = 3,
    crops: Sequence[Crop] = (),
    crops_each: int = 2,
) -> list[Scene]:
    """Reads pictures that all places have, by their keys, or else ``pictures`` of them spread evenly.

    ``places`` are what `open_images` takes, by the names of the methods, `BLURRY` first and `SHARP` last.
    Without ``crops``, each picture gets ``crops_each`` where the sharp one has much detail (`choose_crops`).

    Raises `InputError` when a place lacks a picture, when sizes differ, and when crops do not fit.
    """
    stores = {name: open_images(place) for name, place in places.items()}
    common = sorted(set.intersection(*(set(store.keys()) for store in stores.values())))
    if not common:
        examples = ", ".join(f"{store.keys()[0]!r} in {store.location}" for store in stores.values())
        raise InputError(f"no picture has one name in all places, see {examples}: a pattern may help")
    if not keys:
        spread = np.linspace(0, len(common) - 1, min(pictures, len(common)))
        keys = [common[round(index)] for index in spread]
    return [_read_scene(stores, key, crops, crops_each) for key in keys]


def _read_scene(stores: Mapping[str, ImageStore], key: str, crops: Sequence[Crop], crops_each: int) -> Scene:
    images = {name: store.read(key) for name, store in stores.items()}
    sharp = images[SHARP]
    height, width = sharp.shape[:2]
    for name, image in images.items():
        if image.shape != sharp.shape:
            raise InputError(
                f"{stores[name].location}: {key!r} is {image.shape[1]}×{image.shape[0]} pixels but its sharp "
                f"image {width}×{height}; compare images of one size"
            )
    for crop in crops:
        if crop.of(sharp).shape[:2] != (crop.height, crop.width) or not crop.width or not crop.height:
            raise InputError(f"the crop {' '.join(map(str, crop))} does not lie in {key!r}, {width}×{height}")
    if not crops:
        crops = choose_crops(sharp, crops_each)
        if len(crops) < crops_each:
            raise InputError(
                f"{key!r}, {width}×{height}, has room for {len(crops)} crops that do not overlap and not for "
                f"{crops_each}: ask for fewer, or say where each of them is"
            )
    reference = _tensor(sharp)
    return Scene(
        key=key,
        images=images,
        psnr={
            name: float(psnr(_tensor(image), reference)) for name, image in images.items() if name != SHARP
        },
        crops=tuple(crops),
    )


def choose_crops(sharp: np.ndarray, number: int) -> tuple[Crop, ...]:
    """Rectangles of a sharp picture (height, width, 3), RGB, uint8, that have much detail and lie far apart.

    Detail is the energy of the brightness's gradient. None has much less of it than the best has, unless only
    that leaves room for ``number`` that do not overlap; fewer come back where no more fit.
    """
    height, width = sharp.shape[:2]
    across = min(max(width // CROP_SHARE, LEAST_CROP), width)
    down = min(round(across / CROP_SHAPE), height)
    brightness = cv2.cvtColor(np.ascontiguousarray(sharp), cv2.COLOR_RGB2GRAY).astype(np.float32)
    energy = sum(np.square(cv2.Scharr(brightness, cv2.CV_32F, *axis)) for axis in ((1, 0), (0, 1)))
    # The sum over each whole rectangle, at its upper left corner.
    sums = cv2.boxFilter(energy, -1, (across, down), anchor=(0, 0), normalize=False)
    sums = np.ascontiguousarray(sums[: height - down + 1, : width - across + 1])
    detailed = np.where(sums < sums.max() * LEAST_DETAIL, -np.inf, sums)
    apart = math.hypot(height, width)
    while apart > min(across, down):
        apart *= 0.8
        found = _pick(detailed, number, across, down, apart)
        if len(found) == number:
            return found
    return _pick(sums, number, across, down, 0)


def _pick(sums: np.ndarray, number: int, across: int, down: int, apart: float) -> tuple[Crop, ...]:
    """The rectangles with the largest sums, each ``apart`` or more from those before and beside them."""
    free = sums.copy()
    rows, columns = np.ogrid[: free.shape[0], : free.shape[1]]
    found: list[Crop] = []
    while len(found) < number and np.isfinite(free).any():
        y, x = map(int, np.unravel_index(free.argmax(), free.shape))
        found.append(Crop(x, y, across, down))
        beside = (abs(rows - y) < down) & (abs(columns - x) < across)
        free[beside | ((rows - y) ** 2 + (columns - x) ** 2 < apart**2)] = -np.inf
    return tuple(found)


def parse_places(blurry: str, methods: Sequence[str], sharp: str) -> dict[str, str]:
    """The places of `read_scenes` by their names, of which each of ``methods`` is ``NAME=PLACE``.

    Raises `InputError` for a method without a name, or with one that is taken.
    """
    places = {BLURRY: blurry}
    for word in methods:
        name, place = split_name(word)
        if name is None or name in (*places, SHARP):
            raise InputError(f"{word}: name each method once, as NAME=FOLDER")
        places[name] = place
    return {**places, SHARP: sharp}


def parse_crop(word: str) -> Crop:
    """A crop from ``X,Y,WIDTH,HEIGHT``; raises `InputError` for anything else."""
    if not re.fullmatch(r"\d+(,\d+){3}", word):
        raise InputError(f"{word}: a crop is X,Y,WIDTH,HEIGHT in pixels, from the upper left corner")
    return Crop(*map(int, word.split(",")))


def _tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)
