import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fcn_plugin.errors import InputError
from fcn_plugin.synthesis import CameraShake, Exposure, Window, project

WINDOW = Window(left=300, top=120, width=64, height=48)
PHOTOGRAPH = (480, 640)


def draw(seed: int = 0, **parameters) -> Exposure:
    return CameraShake(**parameters).draw(np.random.default_rng(seed), WINDOW, PHOTOGRAPH)


def ways(exposure: Exposure) -> np.ndarray:
    """How far the picture's corners are from their place in the patch, (sub_frames, 4, 2)."""
    corners = np.array([[0, 0], [WINDOW.width - 1, 0], [0, WINDOW.height - 1], [63, 47]])
    return project(exposure.matrices, corners) - corners - exposure.margin


def path_length(exposure: Exposure) -> float:
    return float(np.linalg.norm(np.diff(ways(exposure)[:, 0], axis=0), axis=-1).sum())


def test_the_same_seed_draws_the_same():
    assert np.array_equal(draw(1).matrices, draw(1).matrices)
    assert draw(1).matrices.shape != draw(2).matrices.shape or (draw(1).matrices != draw(2).matrices).any()


def test_the_middle_sub_frame_is_the_picture():
    for seed in range(20):
        exposure = draw(seed)
        assert len(exposure.matrices) % 2 == 1
        assert ways(exposure)[len(exposure.matrices) // 2] == pytest.approx(np.zeros((4, 2)), abs=1e-9)


@given(
    seed=st.integers(0, 10_000),
    speed=st.floats(0.01, 20),
    reach=st.integers(1, 40),
    step=st.floats(0.5, 2),
    objects=st.booleans(),
)
@example(seed=545, speed=9.0, reach=13, step=1.0, objects=False)  # a far path, scaled down
def test_paths_stay_within_reach_and_step(seed, speed, reach, step, objects):
    exposure = draw(seed, speed=speed, reach=reach, step=step, moving_objects=float(objects))
    drift = exposure.moving_object.drift if objects else np.zeros((1, 2))
    # Two pixels of the margin are bicubic interpolation's.
    assert np.abs(ways(exposure)).max() + np.abs(drift).max() <= exposure.margin - 2
    steps = np.linalg.norm(np.diff(ways(exposure), axis=0), axis=-1).max()
    assert steps <= 1.05 * step
    assert len(exposure.matrices) >= 7


def test_strong_and_weak_blur_of_one_distribution():
    lengths = [path_length(draw(seed)) for seed in range(200)]
    assert np.percentile(lengths, 5) < 6
    assert np.percentile(lengths, 95) > 25
    assert 10 < np.median(lengths) < 20


def test_more_speed_and_longer_exposure_blur_more():
    assert path_length(draw(speed=0.2)) == pytest.approx(2 * path_length(draw(speed=0.1)), rel=0.02)
    short, long = (
        path_length(draw(exposure_time=(time, time), correlation_time=(9, 9))) for time in (0.01, 0.02)
    )
    assert long == pytest.approx(2 * short, rel=0.02)


def test_roll_turns_about_the_middle_of_the_photograph():
    """A pixel far from the optical axis moves farther than one beside it."""
    rolls = {"speed": 0.005, "speed_spread": 0, "roll": 200.0, "reach": 200}
    far = CameraShake(**rolls).draw(np.random.default_rng(0), Window(560, 400, 64, 48), PHOTOGRAPH)
    near = CameraShake(**rolls).draw(np.random.default_rng(0), Window(288, 216, 64, 48), PHOTOGRAPH)
    assert path_length(far) > 4 * path_length(near)


def test_objects_move_where_they_are_asked_for():
    assert draw(moving_objects=0.0).moving_object is None
    moving = draw(moving_objects=1.0).moving_object
    assert moving.drift.shape == (len(draw(moving_objects=1.0).matrices), 2)
    assert (moving.drift[len(moving.drift) // 2] == 0).all()
    assert sum(draw(seed, moving_objects=0.3).moving_object is not None for seed in range(200)) in range(
        40, 80
    )


@given(seed=st.integers(0, 10_000))
def test_objects_never_fold_the_picture(seed):
    """Neighbouring pixels keep their order however far the object drifts."""
    moving = draw(seed, moving_objects=1.0, speed=2.0).moving_object
    coverage = moving.coverage(WINDOW.height, WINDOW.width)
    assert coverage.min() >= 0
    assert coverage.max() <= 1
    farthest = np.abs(moving.drift).max(axis=0)
    for axis, drift in ((1, farthest[0]), (0, farthest[1])):
        assert np.abs(np.diff(coverage, axis=axis)).max(initial=0) * drift < 1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"speed": -1}, "CameraShake's speed must be 0.001 or more, not -1"),
        ({"exposure_time": (0.2, 0.1)}, "exposure_time must be two numbers, the smaller one first"),
        ({"correlation_time": 0.1}, "correlation_time must be two numbers"),
        ({"moving_objects": 2}, "moving_objects must be from 0 to 1"),
        ({"roll": "much"}, "roll must be 0 or more, not 'much'"),
    ],
)
def test_numbers_out_of_range_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        CameraShake(**parameters)
