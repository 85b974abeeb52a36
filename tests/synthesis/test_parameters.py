import pytest

from fcn_plugin.errors import InputError
from fcn_plugin.synthesis import CameraShake, Sensor, build_parameters


def test_fields_become_parameters_and_the_rest_are_defaults():
    assert build_parameters(CameraShake, {"speed": 0.1}) == CameraShake(speed=0.1)
    assert build_parameters(CameraShake, None) == CameraShake()
    assert build_parameters(Sensor, {"gain": [1, 2]}) == Sensor(gain=(1, 2))
    sensor = Sensor(gamma=1.0)
    assert build_parameters(Sensor, sensor) is sensor


def test_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(
        InputError, match="CameraShake has no parameter velocity; its parameters are focal_length, "
    ):
        build_parameters(CameraShake, {"velocity": 0.1})
