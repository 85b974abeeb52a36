import cv2
import numpy as np
import pytest

from fcn_plugin.errors import InputError
from fcn_plugin.synthesis import average_in_linear_light
from fcn_plugin.synthesis.video import (
    Video,
    displacement_of,
    ghosting_warning,
    interpolate_frame,
    optical_flow,
    pairs_from_video,
)

HEIGHT, WIDTH, RATE = 64, 96, 30


@pytest.fixture(scope="module")
def landscape() -> np.ndarray:
    """Something wide to pan over, smooth enough for a video's compression, RGB, 64×400."""
    coarse = np.random.default_rng(0).integers(0, 256, (8, 50, 3), np.uint8)
    return cv2.resize(coarse, (400, HEIGHT), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def film(tmp_path, landscape):
    """Films a pan of ``step`` pixels per frame; returns the video."""

    def make(step: int, frames: int, name="pan.avi", code="MJPG", scale: float = 1.0) -> Video:
        path = tmp_path / name
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), RATE, (WIDTH, HEIGHT))
        for number in range(frames):
            view = landscape[:, number * step : number * step + WIDTH]
            writer.write(cv2.cvtColor(view, cv2.COLOR_RGB2BGR))
        writer.release()
        return Video(path, scale)

    return make


@pytest.mark.parametrize(("name", "code"), [("pan.avi", "MJPG"), ("pan.mp4", "mp4v")])
def test_frames_are_the_videos_in_rgb(film, landscape, name, code):
    video = film(1, 4, name, code)
    frames = list(video)
    assert len(frames) == 4
    assert video.frame_rate == RATE
    for number, frame in enumerate(frames):
        assert np.abs(frame.astype(int) - landscape[:, number : number + WIDTH]).mean() < 12
    assert np.array_equal(np.stack(frames), np.stack(list(video)))


@pytest.mark.parametrize("gamma", [1.0, 2.2])
def test_pairs_are_averages_and_middle_frames(film, gamma):
    video = film(1, 23)
    frames = list(video)
    pairs = list(pairs_from_video(video, (7, 7), gamma))
    assert [pair.first for pair in pairs] == [0, 7, 14]
    for pair in pairs:
        window = frames[pair.first : pair.first + 7]
        light = np.mean([(frame / 255) ** gamma for frame in window], axis=0)
        np.testing.assert_array_equal(pair.blurry, np.rint(255 * light ** (1 / gamma)))
        np.testing.assert_array_equal(pair.sharp, window[3])


def test_numbers_of_frames_are_drawn_from_the_odd_ones(film):
    video = film(0, 150)
    drawn = [
        [pair.frames for pair in pairs_from_video(video, (6, 11), generator=np.random.default_rng(seed))]
        for seed in (0, 0, 1)
    ]
    assert set(drawn[0]) == {7, 9, 11}
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("step", [1, 3, 6])
def test_displacement_is_that_of_the_pan(film, step):
    (pair,) = pairs_from_video(film(step, 5), (5, 5))
    assert pair.displacement == pytest.approx(step, rel=0.15, abs=0.1)


def test_too_low_a_frame_rate_is_warned_of(film):
    video = film(6, 10)
    displacements = [pair.displacement for pair in pairs_from_video(video, (5, 5))]
    warning = ghosting_warning(video, displacements)
    assert warning.startswith(f"{video.path} (30 frames/s) moves up to ")
    assert "2 of 2 pairs may show edges as separate copies" in warning
    assert "--interpolate" in warning
    assert ghosting_warning(video, [0.5, 1.9]) is None


def test_a_smaller_picture_moves_fewer_pixels(film):
    (pair,) = pairs_from_video(film(6, 5, scale=0.5), (5, 5))
    assert pair.blurry.shape == (HEIGHT // 2, WIDTH // 2, 3)
    assert pair.displacement == pytest.approx(3, rel=0.15)


def test_interpolated_frame_lies_between(landscape):
    frames = [landscape[:, start : start + WIDTH] for start in (0, 8)]
    forward, backward = optical_flow(*frames), optical_flow(*frames[::-1])
    assert displacement_of(forward) == pytest.approx(8, rel=0.1)
    inside = np.s_[:, 12:-12]
    for time in (0.25, 0.5, 0.75):
        made = interpolate_frame(*frames, forward, backward, time)
        shift = round(8 * time)
        expected = landscape[:, shift : shift + WIDTH]
        assert np.abs(made.astype(int) - expected)[inside].mean() < 2
        halfway = cv2.addWeighted(frames[0], 1 - time, frames[1], time, 0)
        assert np.abs(halfway.astype(int) - expected)[inside].mean() > 8


def test_interpolation_gives_the_blur_of_a_fast_camera(film, landscape):
    """Of a pan filmed at a sixth of the frame rate, nearly the blur that all frames give."""
    video = film(6, 5)
    (plain,) = pairs_from_video(video, (5, 5))
    (filled,) = pairs_from_video(video, (5, 5), interpolate=True)
    dense = average_in_linear_light([landscape[:, start : start + WIDTH] for start in range(25)])
    inside = np.s_[:, 26:-26]  # what the camera sees all the time
    ghosts, blur = (np.abs(pair.blurry.astype(int) - dense)[inside].mean() for pair in (plain, filled))
    assert blur < 0.5 * ghosts
    np.testing.assert_array_equal(filled.sharp, plain.sharp)


def test_missing_and_unreadable_videos(tmp_path):
    with pytest.raises(InputError, match=r"none\.mp4 is not a file"):
        Video(tmp_path / "none.mp4")
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a video")
    with pytest.raises(InputError, match=r"broken\.mp4 is not a video that OpenCV can read"):
        Video(broken)


def test_too_few_frames(film):
    with pytest.raises(InputError, match=r"pan\.avi has 4 frames, fewer than the 7 of a pair"):
        list(pairs_from_video(film(1, 4), (7, 7)))


@pytest.mark.parametrize("frames", [(8, 8), (1, 2), (9, 7)])
def test_there_must_be_a_middle_frame(film, frames):
    with pytest.raises(InputError, match="hold no odd number from 3 up"):
        list(pairs_from_video(film(1, 4), frames))


def test_gamma_is_checked(film):
    with pytest.raises(InputError, match=r"gamma must be from 0\.1 to 10, not 0"):
        list(pairs_from_video(film(1, 4), gamma=0))


@pytest.mark.parametrize("scale", [0, 2])
def test_scale_makes_frames_smaller(film, scale):
    with pytest.raises(InputError, match="scale must be a factor in"):
        film(1, 4, scale=scale)
