import numpy as np
import pytest

from fcn_plugin.synthesis import RandomMotion, Window, homographies, project

FOCAL_LENGTH = 200.0
WINDOW = Window(left=20, top=24, width=61, height=41)


def draw_motion(seed: int = 0, correlation_time: float = 0.05) -> RandomMotion:
    return RandomMotion.draw(np.random.default_rng(seed), np.array([2.0, 1.0]), correlation_time)


def at(rotation: tuple[float, float, float], x: float, y: float, **options) -> np.ndarray:
    matrices = homographies(WINDOW, np.array([rotation]), FOCAL_LENGTH, **options)
    return project(matrices, np.array([[x, y]]))[0, 0]


def test_motion_is_still_at_time_zero():
    assert (draw_motion().displacement(np.zeros(1)) == 0).all()


def test_motion_comes_from_its_generator_alone():
    times = np.linspace(-1, 1, 5)
    assert np.array_equal(draw_motion(1).displacement(times), draw_motion(1).displacement(times))
    assert not np.array_equal(draw_motion(1).displacement(times), draw_motion(2).displacement(times))


def test_displacement_is_the_integral_of_the_cosines():
    motion, times = draw_motion(), np.linspace(0, 0.3, 3001)
    phase = 2 * np.pi * motion.frequencies * times[:, None, None] + motion.phases
    velocity = motion.speeds * np.sqrt(2 / len(motion.frequencies)) * np.cos(phase).sum(axis=1)
    steps = np.diff(times)[:, None] * (velocity[1:] + velocity[:-1]) / 2
    assert motion.displacement(times[-1:])[0] == pytest.approx(steps.sum(axis=0), abs=1e-6)


def test_speed_is_as_asked_for():
    moment = np.array([-1e-6, 1e-6])
    velocities = [np.diff(draw_motion(seed).displacement(moment), axis=0)[0] / 2e-6 for seed in range(2000)]
    assert np.sqrt(np.mean(np.square(velocities), axis=0)) == pytest.approx([2, 1], rel=0.05)


@pytest.mark.parametrize(("correlation_time", "straight"), [(1.0, True), (0.01, False)])
def test_motion_keeps_its_direction_for_the_correlation_time(correlation_time, straight):
    times = np.linspace(-0.05, 0.05, 201)
    ratios = []
    for seed in range(50):
        places = draw_motion(seed, correlation_time).displacement(times)
        length = np.linalg.norm(np.diff(places, axis=0), axis=1).sum()
        ratios.append(np.linalg.norm(places[-1] - places[0]) / length)
    assert np.mean(ratios) > 0.99 if straight else np.mean(ratios) < 0.7


def test_a_multiple_goes_the_same_way():
    times = np.linspace(-0.1, 0.1, 7)
    assert (0.5 * draw_motion()).displacement(times) == pytest.approx(0.5 * draw_motion().displacement(times))


def test_camera_at_rest_sees_the_window():
    assert at((0, 0, 0), 0, 0) == pytest.approx([20, 24])
    assert at((0, 0, 0), 60, 40) == pytest.approx([80, 64])


def test_pitch_and_yaw_move_the_picture_by_focal_length_times_angle():
    assert at((0, 0.01, 0), 30, 20) == pytest.approx([50 + 2, 44], abs=1e-3)
    assert at((-0.01, 0, 0), 30, 20) == pytest.approx([50, 44 + 2], abs=1e-3)


def test_roll_turns_about_the_optical_axis():
    quarter = (0, 0, np.pi / 2)
    assert at(quarter, 30, 20) == pytest.approx([50, 44])
    assert at(quarter, 40, 20) == pytest.approx([50, 54])
    assert at(quarter, 30, 20, optical_axis=(40, 44)) == pytest.approx([40, 54])


def test_yaw_has_perspective():
    """What the camera turns to comes closer to the centre, so the picture there is seen larger."""
    left, middle, right = (at((0, 0.1, 0), x, 20)[0] for x in (0, 30, 60))
    assert right - middle > middle - left
