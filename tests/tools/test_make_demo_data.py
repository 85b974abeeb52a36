import shutil

import cv2
import numpy as np
import pytest

from fcn_plugin.datasets.storage.image_codec import decode_rgb
from fcn_plugin.synthesis import Window, homographies, project
from tools import make_demo_data
from tools.make_demo_data import DEFAULT_OUT, LICENCES, SPLITS, Photograph, Split

from ..conftest import PROJECT
from .test_command_lines import python, run


def read(split: str, kind: str, name: str) -> np.ndarray:
    path = DEFAULT_OUT / split / kind / f"{name}.png"
    return decode_rgb(path.read_bytes(), str(path))


def pair_names(split: str) -> list[str]:
    return sorted(path.stem for path in (DEFAULT_OUT / split / "sharp").glob("*.png"))


def contents(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


@pytest.fixture
def one_pair_per_split(monkeypatch) -> None:
    few = {
        "train": Split((256, 256), (Photograph("gravel", 0.7, ((50, 50),)),)),
        "test": Split((320, 256), (Photograph("coffee", 1, ((20, 14),)),)),
    }
    monkeypatch.setattr(make_demo_data, "SPLITS", few)


@pytest.mark.parametrize("split", SPLITS)
def test_pairs_in_the_repository_are_those_the_tool_makes(split):
    photographs = SPLITS[split].photographs
    assert pair_names(split) == sorted(
        f"{name}-{round(100 * scale)}-{left:03}-{top:03}"
        for name, scale, corners in photographs
        for left, top in corners
    )
    made = next(SPLITS[split].pairs())
    for kind, image in (("blur", made.blurry), ("sharp", made.sharp)):
        stored = read(split, kind, made.name)
        # Another processor or OpenCV may round the interpolation otherwise.
        assert np.abs(stored.astype(int) - image).max() <= 1


def test_description_in_the_repository_is_the_tools():
    assert (DEFAULT_OUT / "README.md").read_text(encoding="utf-8") == make_demo_data.describe()


def test_same_bytes_every_time(one_pair_per_split, tmp_path):
    for name in ("first", "second"):
        make_demo_data.main(["--out", str(tmp_path / name)])
    first = contents(tmp_path / "first")
    assert sorted(first) == [
        "README.md",
        "test/blur/coffee-100-020-014.png",
        "test/sharp/coffee-100-020-014.png",
        "train/blur/gravel-70-050-050.png",
        "train/sharp/gravel-70-050-050.png",
    ]
    assert contents(tmp_path / "second") == first


def test_pairs_of_an_earlier_recipe_are_removed(one_pair_per_split, tmp_path):
    stale = tmp_path / "train" / "blur" / "stale.png"
    stale.parent.mkdir(parents=True)
    shutil.copy(DEFAULT_OUT / "train" / "blur" / "gravel-70-050-050.png", stale)
    make_demo_data.main(["--out", str(tmp_path)])
    assert [path.name for path in stale.parent.iterdir()] == ["gravel-70-050-050.png"]


def test_default_folder_does_not_depend_on_the_working_directory(tmp_path):
    result = run(python("make_demo_data.py", "--help"), tmp_path)
    assert str(PROJECT / "data" / "demo") in result.stdout.replace("\n", "").replace(" ", "")


def test_no_photograph_is_trained_and_tested_on():
    names = {split: {photograph.name for photograph in SPLITS[split].photographs} for split in SPLITS}
    assert not names["train"] & names["test"]
    assert names["train"] | names["test"] == set(LICENCES)


def test_enough_pairs_in_little_space():
    assert len(pair_names("train")) >= 24
    assert len(pair_names("test")) >= 6
    assert sum(path.stat().st_size for path in DEFAULT_OUT.rglob("*.png")) < 8 * 2**20


@pytest.mark.parametrize("split", SPLITS)
def test_blur_is_plain_but_mild(split):
    for name in pair_names(split):
        blurry, sharp = read(split, "blur", name), read(split, "sharp", name)
        assert blurry.shape == sharp.shape
        assert min(sharp.shape[:2]) >= 256
        assert 20 < cv2.PSNR(blurry, sharp) < 32, name


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("shift", [(0, 2), (0, -2), (2, 0), (-2, 0)])
def test_pairs_are_aligned(split, shift):
    inside = np.s_[2:-2, 2:-2]
    for name in pair_names(split):
        blurry, sharp = (read(split, kind, name) for kind in ("blur", "sharp"))
        shifted = np.roll(sharp, shift, axis=(0, 1))
        scores = [cv2.PSNR(blurry[inside].copy(), image[inside].copy()) for image in (sharp, shifted)]
        assert scores[0] > scores[1], name


def test_sub_frames_are_close_enough_to_show_no_ghosts():
    width, height = SPLITS["test"].size
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]])
    for seed in range(50):
        path = make_demo_data.random_pan(np.random.default_rng(seed))
        matrices = homographies(Window(0, 0, width, height), path, make_demo_data.FOCAL_LENGTH_IN_PIXELS)
        steps = np.diff(project(matrices, corners), axis=0)
        assert np.linalg.norm(steps, axis=-1).max() < 1
