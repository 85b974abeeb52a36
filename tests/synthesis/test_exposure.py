import numpy as np
import pytest

from fcn_plugin.synthesis import (
    CameraShake,
    Exposure,
    MovingObject,
    Window,
    average_in_linear_light,
    expose,
    middle,
    record_blurry,
)
from fcn_plugin.synthesis.exposure import to_values
from fcn_plugin.synthesis.sensor import Response

HEIGHT, WIDTH, MARGIN = 40, 48, 12


def shifts(*steps: tuple[float, float], moving: MovingObject | None = None) -> Exposure:
    """An exposure whose sub-frames are moved by (right, down) each."""
    matrices = np.stack([np.eye(3)] * len(steps))
    matrices[:, :2, 2] = np.array(steps) + MARGIN
    return Exposure(HEIGHT, WIDTH, MARGIN, matrices, moving)


def blur(patch: np.ndarray, exposure: Exposure, gamma: float = 2.2) -> np.ndarray:
    return to_values(expose(patch, exposure, gamma), gamma)


@pytest.fixture
def patch(photograph) -> np.ndarray:
    return photograph[: HEIGHT + 2 * MARGIN, : WIDTH + 2 * MARGIN]


def shifted(patch: np.ndarray, right: int, down: int) -> np.ndarray:
    return patch[MARGIN + down : MARGIN + down + HEIGHT, MARGIN + right : MARGIN + right + WIDTH]


def test_still_exposure_is_the_sharp_image(patch):
    exposure = shifts((0, 0), (0, 0), (0, 0))
    assert np.array_equal(blur(patch, exposure), middle(patch, exposure))
    assert np.shares_memory(middle(patch, exposure), patch)


@pytest.mark.parametrize("gamma", [1.0, 2.2])
def test_whole_steps_average_shifted_copies(patch, gamma):
    steps = (-3, 2), (0, 0), (5, -1)
    expected = average_in_linear_light([shifted(patch, *step) for step in steps], gamma)
    assert np.abs(blur(patch, shifts(*steps), gamma).astype(int) - expected).max() <= 1


def test_object_that_covers_all_moves_as_the_camera_would(patch):
    steps = [(-3.0, 2.0), (0.0, 0.0), (5.0, -1.0)]
    everything = MovingObject(np.zeros((2, 3)), 1.0, np.array(steps))
    still = [(0, 0)] * 3
    assert (
        np.abs(blur(patch, shifts(*still, moving=everything)).astype(int) - blur(patch, shifts(*steps))).max()
        <= 1
    )


def test_object_blurs_its_ellipse_alone(patch):
    radius, centre = 8, np.array([24, 20])
    outline = np.column_stack([np.eye(2) / radius, -centre / radius])
    moving = MovingObject(outline, 0.5, np.array([(-3.0, 0), (0, 0), (3.0, 0)]))
    coverage = moving.coverage(HEIGHT, WIDTH)
    assert coverage[20, 24] == 1
    changed = np.abs(blur(patch, shifts(*[(0, 0)] * 3, moving=moving)).astype(int) - shifted(patch, 0, 0))
    assert changed[coverage == 0].max() == 0
    assert changed[coverage == 1].mean() > 3


def test_light_between_pixels_is_interpolated(patch):
    """Half a pixel to either side is nearly the still picture where that is smooth."""
    soft = np.repeat(np.arange(100, 100 + patch.shape[1], dtype=np.uint8)[None, :, None], len(patch), axis=0)
    soft = np.repeat(soft, 3, axis=2)
    exposure = shifts((-0.5, 0), (0, 0), (0.5, 0))
    assert np.abs(blur(soft, exposure, 1.0).astype(int) - middle(soft, exposure)).max() <= 1


def test_drawn_exposures_show_nothing_from_outside_the_patch():
    """A white photograph stays white to the picture's edges."""
    shake = CameraShake(speed=2.0, moving_objects=0.5)
    for seed in range(10):
        generator = np.random.default_rng(seed)
        exposure = shake.draw(generator, Window(100, 100, 24, 20), (300, 400))
        white = np.full((20 + 2 * shake.margin, 24 + 2 * shake.margin, 3), 255, np.uint8)
        assert (record_blurry(expose(white, exposure), Response(), generator) == 255).all()


def test_a_point_of_light_becomes_a_line_without_gaps():
    """The sub-frames of a fast camera are so close that no copies of a point stand apart."""
    shake = CameraShake(
        speed=0.6, speed_spread=0, roll=0, correlation_time=(9, 9), exposure_time=(0.05, 0.05)
    )
    side = 2 * shake.margin + 65
    for seed in range(5):
        exposure = shake.draw(np.random.default_rng(seed), Window(200, 200, 65, 65), (465, 465))
        point = np.zeros((side, side, 3), np.uint8)
        point[side // 2, side // 2] = 255
        light = expose(point, exposure)[..., 0]
        # Along the trace's longer side every row or column that it crosses gets about the same.
        axis = int(
            np.ptp(np.nonzero(light.max(axis=0) > 1e-3)) > np.ptp(np.nonzero(light.max(axis=1) > 1e-3))
        )
        profile = light.sum(axis=1 - axis)
        inside = np.flatnonzero(profile > 0.3 * profile.max())
        assert inside[-1] - inside[0] + 1 == len(inside)
        assert len(inside) >= 10


def test_patch_without_its_margin_is_refused(patch):
    with pytest.raises(ValueError, match="margin of 12 needs a patch of 72×64 pixels, not 71×64"):
        expose(patch[:, 1:], shifts((0, 0), (0, 0), (0, 0)))


def test_still_frames_change_nothing():
    every_value = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    assert np.array_equal(average_in_linear_light(iter([every_value] * 7)), every_value)


@pytest.mark.parametrize(("gamma", "expected"), [(1.0, 128), (2.2, 186)])
def test_light_is_averaged_not_stored_values(gamma, expected):
    black, white = np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 3), 255, np.uint8)
    assert (average_in_linear_light([black, white], gamma) == expected).all()
