"""Pairs on disk: ``blur/`` and ``sharp/``, and a page to look at them."""

import html
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from fcn_plugin.errors import InputError
from fcn_plugin.files import whole_folder

PAIRS_ON_PAGE = 48
PAIRS_ON_SHEET = 12
SHEET_COLUMNS = 2
SHEET_HEIGHT = 256  # of an image
_GAP = 8

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 14px sans-serif; margin: 2em }}
figure {{ margin: 0 0 1.5em }}
img {{ max-width: 49% }}
</style>
<h1>{title}</h1>
<p>{shown} of {count} pairs, blurry | sharp, with the PSNR of the blurry image.</p>
{figures}
</html>
"""
_FIGURE = """\
<figure>
<img src="blur/{name}.png" alt="blurry"> <img src="sharp/{name}.png" alt="sharp">
<figcaption>{name}: {psnr:.2f} dB</figcaption>
</figure>"""


class Pair(NamedTuple):
    """Both images RGB, uint8, (height, width, 3)."""

    name: str
    blurry: np.ndarray
    sharp: np.ndarray


def write_pairs(out: str | os.PathLike, pairs: Iterable[Pair], readme: str, overwrite: bool = False) -> int:
    """Writes ``blur/NAME.png`` and ``sharp/NAME.png`` of each pair, and a page of samples.

    ``samples.html`` shows pairs beside each other, ``samples.png`` a dozen of them in one picture, and
    ``README.md`` holds ``readme``. The folder appears when all of it is written, or not at all.

    Returns:
        How many pairs there are.

    Raises:
        InputError: There is something at ``out`` already and ``overwrite`` is False, or there are no pairs.
    """
    out = Path(out)
    if out.exists() and not overwrite:
        raise InputError(f"{out} is there already; give another folder, or --overwrite to replace it.")
    with whole_folder(out) as folder:
        for kind in ("blur", "sharp"):
            (folder / kind).mkdir()
        scores: dict[str, float] = {}
        for pair in pairs:
            _write_image(folder / "blur" / f"{pair.name}.png", pair.blurry)
            _write_image(folder / "sharp" / f"{pair.name}.png", pair.sharp)
            scores[pair.name] = cv2.PSNR(pair.blurry, np.ascontiguousarray(pair.sharp))
        if not scores:
            raise InputError(f"There are no pairs to write to {out}; ask for at least one.")
        shown = _spread(list(scores), PAIRS_ON_PAGE)
        figures = [_FIGURE.format(name=html.escape(name), psnr=scores[name]) for name in shown]
        page = _PAGE.format(
            title=html.escape(out.name), shown=len(shown), count=len(scores), figures="\n".join(figures)
        )
        (folder / "samples.html").write_text(page, encoding="utf-8")
        _write_image(folder / "samples.png", _sheet(folder, _spread(shown, PAIRS_ON_SHEET)))
        (folder / "README.md").write_text(readme, encoding="utf-8")
    return len(scores)


def _spread(names: Sequence[str], count: int) -> list[str]:
    """At most ``count`` of the names, evenly spread."""
    count = min(count, len(names))
    return [names[index * len(names) // count] for index in range(count)]


def _sheet(folder: Path, names: Sequence[str]) -> np.ndarray:
    """Blurry | sharp of each pair in one picture, of one height and cut to one width."""
    tiles = []
    for name in names:
        images = [cv2.imread(str(folder / kind / f"{name}.png")) for kind in ("blur", "sharp")]
        factor = SHEET_HEIGHT / images[0].shape[0]
        tiles.append([cv2.resize(image, None, fx=factor, fy=factor) for image in images])
    width = min(image.shape[1] for tile in tiles for image in tile)
    columns = min(SHEET_COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    tile_height, tile_width = SHEET_HEIGHT + _GAP, 2 * width + _GAP
    sheet = np.full((rows * tile_height, columns * tile_width, 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * tile_height, index % columns * tile_width
        sheet[top : top + SHEET_HEIGHT, left : left + 2 * width] = np.hstack(
            [image[:, :width] for image in tile]
        )
    return cv2.cvtColor(sheet, cv2.COLOR_BGR2RGB)


def _write_image(path: Path, image: np.ndarray) -> None:
    if not cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR)):
        raise InputError(f"{path.name} cannot be written to {path.parent}; check the disk.")
