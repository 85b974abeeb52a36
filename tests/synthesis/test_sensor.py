import numpy as np
import pytest

from fcn_plugin.errors import InputError
from fcn_plugin.synthesis import Response, Sensor, record_blurry, record_sharp
from fcn_plugin.synthesis.exposure import to_light

GREY = np.full((100, 100, 3), 0.25, np.float32)


def record(light: np.ndarray = GREY, seed: int = 0, **response) -> np.ndarray:
    return record_blurry(light, Response(**response), np.random.default_rng(seed))


def test_without_noise_light_is_stored_to_the_nearest_value():
    assert (record() == round(255 * 0.25 ** (1 / 2.2))).all()
    assert (record(gamma=1.0) == 64).all()
    assert (record(np.float32([[[-0.1, 1.3, 1.0]]])) == [0, 255, 255]).all()


@pytest.mark.parametrize(("light", "shot", "read"), [(0.25, 0.1, 0.0), (0.64, 0.1, 0.0), (0.3, 0.0, 0.05)])
def test_noise_has_the_deviation_asked_for(light, shot, read):
    image = record(np.full((200, 200, 3), light, np.float32), gamma=1.0, shot_noise=shot, read_noise=read)
    assert image.std() / 255 == pytest.approx(np.sqrt(shot**2 * light + read**2), rel=0.03)
    assert image.mean() / 255 == pytest.approx(light, abs=0.003)


def test_noise_comes_from_the_generator_alone():
    assert np.array_equal(record(read_noise=0.1), record(read_noise=0.1))
    assert not np.array_equal(record(read_noise=0.1), record(read_noise=0.1, seed=1))


def test_gain_is_the_same_for_both_images(photograph):
    response = Response(gain=1.7)
    light = to_light(photograph).astype(np.float32)
    blurry = record_blurry(light, response, np.random.default_rng())
    sharp = record_sharp(photograph, response)
    assert np.abs(blurry.astype(int) - sharp).max() <= 1
    assert (sharp == 255).any()
    assert record_sharp(photograph, Response()) is photograph


def test_jpeg_of_lower_quality_is_worse_and_keeps_the_colours(photograph):
    light = to_light(photograph).astype(np.float32)
    errors = [
        np.abs(record(light, jpeg_quality=quality).astype(int) - photograph).mean() for quality in (10, 95)
    ]
    assert errors[0] > 2 * errors[1]
    assert errors[1] < 4


def test_draws_lie_in_their_ranges():
    sensor = Sensor(gain=(0.5, 2), shot_noise=(0.01, 0.02), read_noise=(0.1, 0.2), jpeg_quality=(60, 62))
    generator = np.random.default_rng(0)
    drawn = [sensor.draw(generator) for _ in range(100)]
    assert all(0.5 <= response.gain <= 2 for response in drawn)
    assert np.median([response.gain for response in drawn]) == pytest.approx(1, abs=0.2)
    assert {response.jpeg_quality for response in drawn} == {60, 61, 62}
    assert Sensor().draw(generator) == Response()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"gamma": 0}, "Sensor's gamma must be from 0.1 to 10, not 0"),
        (
            {"jpeg_quality": (0, 50)},
            "jpeg_quality must be two numbers, the smaller one first, each from 1 to 100",
        ),
        ({"gain": (2, 1)}, "gain must be two numbers"),
    ],
)
def test_numbers_out_of_range_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        Sensor(**parameters)
