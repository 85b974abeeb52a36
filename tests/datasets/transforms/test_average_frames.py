import numpy as np
import pytest

from fcn_plugin.datasets.transforms import AverageFrames, PackPair
from fcn_plugin.errors import InputError
from fcn_plugin.synthesis import average_in_linear_light


@pytest.fixture
def window():
    """Thirteen frames of noise, 24×32, each of them and each pixel different."""
    frames = np.random.default_rng(0).integers(0, 256, (13, 24, 32, 3), np.uint8)
    frames.flags.writeable = False
    return {"frames": list(frames), "key": "a/6", "dataset": "film"}


def average(window, seed=0, size=8, **options):
    np.random.seed(seed)  # noqa: NPY002
    return AverageFrames(size, **options)(dict(window))


def place(crop, image):
    """Where ``crop`` lies in ``image``: the slices of its one exact match."""
    views = np.lib.stride_tricks.sliding_window_view(image, crop.shape)[:, :, 0]
    ((top, left),) = np.argwhere((views == crop).all(axis=(2, 3, 4)))
    return slice(top, top + crop.shape[0]), slice(left, left + crop.shape[1])


@pytest.mark.parametrize("gamma", [1.0, 2.2])
@pytest.mark.parametrize("size", [8, (8, 12)])
def test_the_average_of_crops_around_the_middle_frame(window, gamma, size):
    results = average(window, size=size, frames=(7, 7), gamma=gamma)
    rows, columns = place(results["gt"], window["frames"][6])
    expected = average_in_linear_light([frame[rows, columns] for frame in window["frames"][3:10]], gamma)
    np.testing.assert_array_equal(results["img"], expected)
    assert "frames" not in results
    assert PackPair()(results)["inputs"].shape == expected.transpose(2, 0, 1).shape


def test_numbers_of_frames_and_places_are_drawn(window):
    """The average of n frames of 0, but for the middle one, tells n."""
    frames = [np.full((24, 32, 3), 255 * (number == 6), np.uint8) for number in range(13)]
    drawn = [
        round(255 / average({**window, "frames": frames}, seed, frames=(6, 13), gamma=1)["img"].max())
        for seed in range(40)
    ]
    assert set(drawn) == {7, 9, 11, 13}
    middle = window["frames"][6]
    assert len({str(place(average(window, seed)["gt"], middle)) for seed in range(10)}) > 5


def test_numpys_seed_decides_on_everything(window):
    first, again, other = (average(window, seed) for seed in (1, 1, 2))
    for name in ("img", "gt"):
        assert np.array_equal(first[name], again[name])
        assert not np.array_equal(first[name], other[name])


def test_too_few_frames_are_refused(window):
    with pytest.raises(InputError, match="'a/6' comes with 11 frames, and up to 13 are to be averaged"):
        average({**window, "frames": window["frames"][:11]})


def test_too_small_frames_are_refused(window):
    with pytest.raises(InputError, match="'a/6' is 32×24, smaller than a crop of 25×25"):
        average(window, size=25)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"frames": (8, 8)}, "hold no odd number"), ({"gamma": 0}, "gamma must be from 0.1 to 10")],
)
def test_parameters_are_checked(options, sentence):
    with pytest.raises(InputError, match=sentence):
        AverageFrames(8, **options)
