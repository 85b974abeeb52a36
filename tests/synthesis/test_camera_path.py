import numpy as np
import pytest

from fcn_plugin.datasets.synthesis import (
    Window,
    average_in_linear_light,
    blurry_and_sharp,
    homographies,
    random_camera_path,
    render_exposure,
)
from fcn_plugin.errors import InputError

FOCAL_LENGTH = 200.0
WINDOW = Window(left=20, top=24, width=61, height=41)


def draw_path(seed: int = 0, sub_frames: int = 9, pixels: float = 6.0, **options: float) -> np.ndarray:
    options = {"sweep": pixels / FOCAL_LENGTH, "direction": 0.0, "roll": 0.0, **options}
    return random_camera_path(np.random.default_rng(seed), sub_frames, **options)


def project(matrices: np.ndarray, x: float, y: float) -> np.ndarray:
    points = matrices @ [x, y, 1.0]
    return points[:, :2] / points[:, 2:]


@pytest.fixture
def photograph() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (90, 100, 3), np.uint8)


def test_path_is_still_in_the_middle():
    path = draw_path(roll=0.01)
    assert path.shape == (9, 3)
    assert (path[4] == 0).all()
    assert np.abs(path[[0, -1]]).min() > 0


def test_path_comes_from_its_generator_alone():
    assert np.array_equal(draw_path(seed=1), draw_path(seed=1))
    assert not np.array_equal(draw_path(seed=1), draw_path(seed=2))


@pytest.mark.parametrize("sub_frames", [1, 8])
def test_path_has_a_middle(sub_frames):
    with pytest.raises(ValueError, match=f"odd and at least 3, not {sub_frames}"):
        draw_path(sub_frames=sub_frames)


@pytest.mark.parametrize(
    ("direction", "right", "down"), [(0, 1, 0), (np.pi / 2, 0, 1), (3 * np.pi / 4, -(0.5**0.5), 0.5**0.5)]
)
def test_steady_path_sweeps_as_far_and_where_it_is_told(direction, right, down):
    path = draw_path(direction=direction, tremor=0)
    centre = project(homographies(WINDOW, path, FOCAL_LENGTH), 30, 20)
    # The tangent of a small angle is nearly the angle.
    assert centre[-1] - centre[0] == pytest.approx([6 * right, 6 * down], abs=0.01)
    steps = np.linalg.norm(np.diff(centre, axis=0), axis=1)
    assert steps == pytest.approx(6 / 8, abs=0.01)


def test_middle_sub_frame_is_the_window():
    middle = homographies(WINDOW, draw_path(roll=0.01), FOCAL_LENGTH)[4:5]
    assert project(middle, 0, 0)[0] == pytest.approx([20, 24])
    assert project(middle, 60, 40)[0] == pytest.approx([80, 64])


def test_roll_turns_about_the_centre():
    quarter_turn = np.array([[0, 0, np.pi / 2]])
    matrices = homographies(WINDOW, quarter_turn, FOCAL_LENGTH)
    assert project(matrices, 30, 20)[0] == pytest.approx([50, 44])
    assert project(matrices, 40, 20)[0] == pytest.approx([50, 54])


def test_sharp_image_is_cut_from_the_photograph(photograph):
    blurry, sharp = blurry_and_sharp(photograph, WINDOW, draw_path(), FOCAL_LENGTH)
    assert np.array_equal(sharp, photograph[24:65, 20:81])
    assert blurry.shape == sharp.shape
    assert blurry.dtype == np.uint8
    assert not np.array_equal(blurry, sharp)


def test_every_sub_frame_is_rendered(photograph):
    frames = render_exposure(photograph, WINDOW, draw_path(pixels=8.0, tremor=0), FOCAL_LENGTH)
    assert len(frames) == 9
    # One pixel between two sub-frames: the ends of a pan by 8 pixels are 4 pixels beside the middle.
    assert np.abs(frames[0].astype(int) - photograph[24:65, 16:77]).mean() < 4
    assert np.abs(frames[-1].astype(int) - photograph[24:65, 24:85]).mean() < 4


@pytest.mark.parametrize(("direction", "blurred_axis"), [(0.0, 1), (np.pi / 2, 0)])
def test_blur_lies_along_the_path(direction, blurred_axis):
    steps = np.zeros((90, 100, 3), np.uint8)
    steps[45:, :, 0] = 255
    steps[:, 50:, 1] = 255
    path = draw_path(direction=direction, tremor=0)
    blurry, _ = blurry_and_sharp(steps, WINDOW, path, FOCAL_LENGTH)
    between = [((blurry[..., channel] > 20) & (blurry[..., channel] < 235)).mean() for channel in (0, 1)]
    assert between[blurred_axis] > 0.05
    assert between[1 - blurred_axis] == 0


# A pan of a little more than 3 pixels to each side, and 4 that interpolation reads: each lacks a little.
@pytest.mark.parametrize("left_top", [(7, 24), (32, 24), (20, 4), (20, 45)])
def test_camera_may_not_look_past_the_photograph(photograph, left_top):
    window = Window(*left_top, 61, 41)
    with pytest.raises(InputError, match="leaves the photograph of 100x90 pixels"):
        blurry_and_sharp(photograph, window, draw_path(tremor=0), FOCAL_LENGTH)


def test_camera_may_look_to_the_edge_of_the_photograph(photograph):
    window = Window(8, 8, 100 - 16, 90 - 16)
    blurry, _ = blurry_and_sharp(photograph, window, draw_path(tremor=0), FOCAL_LENGTH)
    assert blurry.shape == (74, 84, 3)


def test_still_exposure_changes_nothing():
    every_value = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    assert np.array_equal(average_in_linear_light([every_value] * 7), every_value)


@pytest.mark.parametrize(("gamma", "expected"), [(1.0, 128), (2.2, 186)])
def test_light_is_averaged_not_stored_values(gamma, expected):
    black, white = np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 3), 255, np.uint8)
    assert (average_in_linear_light([black, white], gamma) == expected).all()
