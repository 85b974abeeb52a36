import cv2
import numpy as np
import pytest

from fcn_plugin.datasets.transforms import PackPair, SynthesizeBlur
from fcn_plugin.errors import InputError
from fcn_plugin.synthesis import CameraShake

SHAKE = {"reach": 6}
MARGIN = CameraShake(**SHAKE).margin


@pytest.fixture
def photograph():
    """Smooth random shapes, 60×80, in the form that a dataset hands on."""
    coarse = np.random.default_rng(0).integers(0, 256, (8, 10, 3), np.uint8)
    image = cv2.resize(coarse, (80, 60), interpolation=cv2.INTER_CUBIC)
    image.flags.writeable = False
    return {"gt": image, "key": "a", "dataset": "photographs"}


def blur(photograph, seed=0, size=16, scales=(1, 1), **options):
    np.random.seed(seed)  # noqa: NPY002
    return SynthesizeBlur(size, SHAKE, scales=scales, **options)(dict(photograph))


def places(crop, image):
    """Where ``crop`` lies in ``image``: (row, column) of each exact match."""
    windows = np.lib.stride_tricks.sliding_window_view(image, crop.shape)[:, :, 0]
    return np.argwhere((windows == crop).all(axis=(2, 3, 4)))


@pytest.mark.parametrize("size", [16, (12, 20)])
def test_sharp_image_is_a_crop_and_the_other_one_is_blurred(photograph, size):
    results = blur(photograph, size=size)
    expected = (16, 16, 3) if size == 16 else (12, 20, 3)
    assert results["img"].shape == results["gt"].shape == expected
    assert results["img"].dtype == np.uint8
    ((top, left),) = places(results["gt"], photograph["gt"])
    assert MARGIN <= top <= 60 - MARGIN - expected[0]
    assert MARGIN <= left <= 80 - MARGIN - expected[1]
    steepness = [
        np.abs(np.diff(image.astype(int), axis=1)).sum() for image in (results["img"], results["gt"])
    ]
    assert steepness[0] < steepness[1]


def test_numpys_seed_decides_on_everything(photograph):
    sensor = {"read_noise": (0.01, 0.05), "jpeg_quality": (50, 90)}
    first, again, other = (blur(photograph, seed, sensor=sensor) for seed in (1, 1, 2))
    for name in ("img", "gt"):
        assert np.array_equal(first[name], again[name])
        assert not np.array_equal(first[name], other[name])


def test_photographs_are_made_smaller_where_there_is_room(photograph):
    """A step edge of the photograph: where it lies tells the scale."""
    widths = set()
    stripes = np.zeros((60, 80, 3), np.uint8)
    stripes[:, np.arange(80) // 4 % 2 == 0] = 255
    for seed in range(30):
        gt = blur({**photograph, "gt": stripes}, seed, scales=(0.5, 1))["gt"]
        crossings = np.flatnonzero(np.diff((gt[0, :, 0] > 127).astype(int)))
        widths.add(round(float(np.diff(crossings).mean()), 1))
    # Needed are 16 + 2 × 9 of 60 rows: the scale is 0.57 to 1, and stripes of 4 pixels get as narrow as 2.3.
    assert 2.1 < min(widths) < 2.7
    assert 3.5 < max(widths) <= 4.1


def test_a_photograph_just_large_enough_is_taken_whole(photograph):
    small = np.ascontiguousarray(photograph["gt"][: 16 + 2 * MARGIN, : 16 + 2 * MARGIN])
    results = blur({**photograph, "gt": small}, scales=(0.5, 1))
    assert np.array_equal(results["gt"], small[MARGIN:-MARGIN, MARGIN:-MARGIN])


def test_too_small_a_photograph_is_refused(photograph):
    with pytest.raises(InputError, match="'a' is 80×33, smaller than a crop of 16×16 with the 9 pixels"):
        blur({**photograph, "gt": photograph["gt"][:33]})


@pytest.mark.parametrize("scales", [(0, 1), (0.5, 1.5), (1, 0.5)])
def test_scales_are_checked(scales):
    with pytest.raises(InputError, match="scales must be two factors"):
        SynthesizeBlur(16, scales=scales)


def test_blur_left_to_the_device_is_of_the_same_crop(photograph):
    """The same numbers are drawn, so a seed means the same pairs wherever they are rendered."""
    rendered, left = blur(photograph), blur(photograph, render=False)
    assert np.array_equal(left["gt"], rendered["gt"])
    assert left["img"].shape == (16 + 2 * MARGIN, 16 + 2 * MARGIN, 3)
    assert np.array_equal(left["img"][MARGIN:-MARGIN, MARGIN:-MARGIN], left["gt"])
    packed = PackPair()(left)["data_samples"]
    assert packed.exposure.matrices.shape[1:] == (3, 3)
    assert "exposure" not in PackPair()(rendered)["data_samples"]
