"""Makes the demo's pairs from photographs that scikit-image ships; nothing is downloaded.

    python tools/make_demo_data.py

The same pixels come out every time: each pair has a random generator of its own, seeded by its name.
"""

import argparse
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.polynomial import legendre

from fcn_plugin.files import whole_folder, write_atomically
from fcn_plugin.synthesis import Window, average_in_linear_light, homographies

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "data" / "demo"

# A camera panned sideways. Minutes of training can teach a small network one kind of blur, not all.
SWEEP_IN_PIXELS = (5.0, 6.5)
DIRECTION_IN_DEGREES = (-10.0, 10.0)
ROLL_IN_DEGREES = 0.3
# Standard deviation of the uneven parts of the velocity, relative to the steady one.
TREMOR = 0.3
# A field of view of about 50 degrees over 320 pixels.
FOCAL_LENGTH_IN_PIXELS = 350.0
# Less than a pixel lies between two sub-frames, so no edge is seen twice.
SUB_FRAMES = 21


class Photograph(NamedTuple):
    """A photograph of ``skimage.data``, scaled, and the corners (left, top) of the windows cut from it."""

    name: str
    scale: float
    corners: tuple[tuple[int, int], ...]


class Pair(NamedTuple):
    """Both images RGB, uint8, (height, width, 3)."""

    name: str
    blurry: np.ndarray
    sharp: np.ndarray


class Split(NamedTuple):
    """The pairs of one folder, with all its windows' (width, height)."""

    size: tuple[int, int]
    photographs: tuple[Photograph, ...]

    def pairs(self) -> Iterator[Pair]:
        """The pairs of the split, one after another."""
        for name, scale, corners in self.photographs:
            photograph = load_photograph(name, scale)
            for left, top in corners:
                pair_name = f"{name}-{round(100 * scale)}-{left:03}-{top:03}"
                path = random_pan(np.random.default_rng(zlib.crc32(pair_name.encode())))
                window = Window(left, top, *self.size)
                yield Pair(pair_name, *blurry_and_sharp(photograph, window, path))


SPLITS = {
    "train": Split(
        (256, 256),
        (
            Photograph("camera", 1, ((110, 60), (14, 230), (236, 60), (200, 236))),
            Photograph("camera", 0.75, ((14, 14), (110, 80))),
            Photograph("rocket", 1, ((14, 20), (170, 90), (290, 150), (366, 20))),
            Photograph("hubble_deep_field", 0.6, ((20, 20), (300, 40), (160, 240))),
            Photograph("chelsea", 1, ((14, 16), (100, 30), (176, 22))),
            Photograph("brick", 0.7, ((14, 14), (80, 80))),
            Photograph("grass", 1, ((14, 14), (220, 220))),
            Photograph("gravel", 1, ((14, 14), (220, 14), (110, 236))),
            Photograph("gravel", 0.7, ((50, 50),)),
        ),
    ),
    "test": Split(
        (320, 256),
        (
            Photograph("astronaut", 1, ((14, 20), (170, 14), (60, 236))),
            Photograph("coffee", 1, ((20, 14), (250, 40), (140, 126))),
        ),
    ),
}

# As scikit-image documents them, photograph by photograph, in the docstrings of skimage.data.
LICENCES = {
    "astronaut": "public domain, NASA, https://flic.kr/p/r9qvLn",
    "brick": "CC0, https://cc0textures.com/view.php?tex=Bricks25",
    "camera": "CC0, Lav Varshney",
    "chelsea": "CC0, Stefan van der Walt",
    "coffee": "CC0, Rachel Michetti, courtesy of Pikolo Espresso Bar",
    "grass": "CC0, linolafett, https://www.deviantart.com/linolafett/art/Grass-01-434853879",
    "gravel": "CC0, https://cc0textures.com/view.php?tex=Gravel04",
    "hubble_deep_field": "public domain, NASA, http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
    "rocket": "public domain, SpaceX, https://www.flickr.com/photos/spacexphotos/16511594820",
}

README = """\
# Demo pairs

Made by `python tools/make_demo_data.py` from openly licensed photographs that scikit-image ships. A camera
pans sideways by {sweep[0]:g} to {sweep[1]:g} pixels while its shutter is open, with a little roll and tremor;
{sub_frames} sub-frames are averaged in linear light (gamma 2.2), and the sharp image is the middle one.
The blur is mild and of one kind, so that minutes of training show a gain: what a network learns here says
nothing about real photographs, and no score on these pairs compares with a published one.

No photograph of `test` is in `train`. A file is named photograph-scale-left-top, the scale in per cent.

| photograph | split | pairs | licence and source |
|---|---|---|---|
{rows}
"""


def load_photograph(name: str, scale: float) -> np.ndarray:
    """A photograph of ``skimage.data``, RGB, uint8, scaled down by area; grey is made RGB."""
    from skimage import data

    photograph = getattr(data, name)()
    if photograph.ndim == 2:
        photograph = cv2.cvtColor(photograph, cv2.COLOR_GRAY2RGB)
    return cv2.resize(photograph, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def random_pan(generator: np.random.Generator) -> np.ndarray:
    """The path of a camera panned sideways: rotation vectors in radians, (SUB_FRAMES, 3), 0 in the middle."""
    sweep = generator.uniform(*SWEEP_IN_PIXELS) / FOCAL_LENGTH_IN_PIXELS
    direction = np.radians(generator.uniform(*DIRECTION_IN_DEGREES))
    roll = np.radians(ROLL_IN_DEGREES)
    steady = np.array([-np.sin(direction) * sweep, np.cos(direction) * sweep, generator.normal() * roll])
    uneven = generator.normal(size=(2, 3)) * TREMOR * np.array([sweep, sweep, roll])
    # Over an exposure from -1 to 1, Legendre polynomials but the first come to nothing: tremor changes the
    # way from the first to the last sub-frame, not these two.
    velocity = np.stack([steady, *uneven]) / 2
    return legendre.legval(np.linspace(-1, 1, SUB_FRAMES), legendre.legint(velocity)).T


def blurry_and_sharp(
    photograph: np.ndarray, window: Window, path: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One aligned pair, each (window.height, window.width, 3): the exposure and its middle sub-frame."""
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    frames = [
        cv2.warpPerspective(photograph, matrix, (window.width, window.height), flags=flags)
        for matrix in homographies(window, path, FOCAL_LENGTH_IN_PIXELS)
    ]
    return average_in_linear_light(frames), frames[len(frames) // 2]


def describe() -> str:
    """The README of the demo's folder: what the pairs are, and whose photographs they come from."""
    counts = {}
    for split_name, split in SPLITS.items():
        for photograph in split.photographs:
            key = photograph.name, split_name
            counts[key] = counts.get(key, 0) + len(photograph.corners)
    rows = [f"| {name} | {split} | {count} | {LICENCES[name]} |" for (name, split), count in counts.items()]
    return README.format(sweep=SWEEP_IN_PIXELS, sub_frames=SUB_FRAMES, rows="\n".join(rows))


def write_image(path: Path, image: np.ndarray) -> None:
    """Writes RGB as PNG at the highest compression: the pairs are part of the repository."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    path.write_bytes(cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes())


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, help="its train/ and test/ are replaced (%(default)s)"
    )
    out = parser.parse_args(words).out
    for name, split in SPLITS.items():
        with whole_folder(out / name / "blur") as blur, whole_folder(out / name / "sharp") as sharp:
            for pair in split.pairs():
                write_image(blur / f"{pair.name}.png", pair.blurry)
                write_image(sharp / f"{pair.name}.png", pair.sharp)
    write_atomically(out / "README.md", describe())


if __name__ == "__main__":
    main()
