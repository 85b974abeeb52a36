from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fcn_plugin.errors import InputError
from fcn_plugin.synthesis import CameraShake, Exposure, Response, Window, expose, middle, record_blurry
from fcn_plugin.synthesis.sensor import record_sharp
from fcn_plugin.synthesis.torch_exposure import exposure_arrays, synthesize_batch

SHAKE = CameraShake(reach=10, moving_objects=0.5)
HEIGHT, WIDTH = 32, 40


def draw(seed: int) -> Exposure:
    return SHAKE.draw(np.random.default_rng(seed), Window(300, 40, WIDTH, HEIGHT), (400, 500))


def tensors(exposure: Exposure, response: Response) -> SimpleNamespace:
    arrays = exposure_arrays(exposure, response)
    return SimpleNamespace(**{name: torch.from_numpy(array) for name, array in arrays.items()})


def to_batch(images: list[np.ndarray]) -> torch.Tensor:
    return torch.stack([torch.from_numpy(image.transpose(2, 0, 1).copy()) for image in images])


@pytest.fixture(scope="module")
def patch(photograph) -> np.ndarray:
    return photograph[: HEIGHT + 2 * SHAKE.margin, : WIDTH + 2 * SHAKE.margin]


def synthesize(patch, exposures, responses, **options) -> tuple[torch.Tensor, torch.Tensor]:
    patches = to_batch([patch] * len(exposures))
    sharp = to_batch([middle(patch, exposure) for exposure in exposures])
    return synthesize_batch(patches, sharp, list(map(tensors, exposures, responses)), **options)


def test_batch_is_what_opencv_makes_of_each_image(patch):
    exposures = [draw(seed) for seed in range(8)]
    assert len({len(exposure.matrices) for exposure in exposures}) > 1
    assert {exposure.moving_object is None for exposure in exposures} == {True, False}
    responses = [Response(gamma=gamma, gain=gain) for gamma, gain in [(2.2, 1.0), (1.0, 1.4)] * 4]
    blurry, sharp = synthesize(patch, exposures, responses)
    assert blurry.dtype == sharp.dtype == torch.uint8
    for index, (exposure, response) in enumerate(zip(exposures, responses, strict=True)):
        light = expose(patch, exposure, response.gamma)
        expected = record_blurry(light, response, np.random.default_rng())
        difference = np.abs(blurry[index].permute(1, 2, 0).numpy().astype(int) - expected)
        # Some versions of OpenCV look positions up in a table of 1/32 pixel.
        assert difference.mean() < 0.3
        assert difference.max() <= 3
        assert np.array_equal(
            sharp[index].permute(1, 2, 0).numpy(), record_sharp(middle(patch, exposure), response)
        )


@pytest.mark.parametrize("sub_frames_at_once", [1, 5, 1000])
def test_memory_bound_changes_nothing(patch, sub_frames_at_once):
    exposures, responses = [draw(seed) for seed in range(3)], [Response()] * 3
    expected, _ = synthesize(patch, exposures, responses)
    bounded, _ = synthesize(patch, exposures, responses, sub_frames_at_once=sub_frames_at_once)
    assert (bounded.int() - expected.int()).abs().max() <= 1  # sums rounded in another order
    assert (bounded != expected).float().mean() < 1e-3


def test_autocast_does_not_reach_inside(patch):
    exposures, responses = [draw(0)], [Response()]
    expected, _ = synthesize(patch, exposures, responses)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(synthesize(patch, exposures, responses)[0], expected)


def test_noise_is_the_sensors_and_torchs_seed_decides(patch):
    grey = np.full_like(patch, 128)
    noisy = Response(gamma=1.0, shot_noise=0.08, read_noise=0.03)
    torch.manual_seed(0)
    (blurry, sharp), again = (synthesize(grey, [draw(0)] * 4, [noisy] * 4) for _ in range(2))
    light = 128 / 255
    assert blurry.float().std() / 255 == pytest.approx(np.sqrt(0.08**2 * light + 0.03**2), rel=0.05)
    assert (sharp == 128).all()
    assert not torch.equal(blurry, again[0])
    torch.manual_seed(0)
    assert torch.equal(synthesize(grey, [draw(0)] * 4, [noisy] * 4)[0], blurry)


def test_jpeg_is_refused():
    with pytest.raises(InputError, match="JPEG cannot be made on the device"):
        exposure_arrays(draw(0), Response(jpeg_quality=80))


def test_uneven_margins_are_refused(patch):
    with pytest.raises(ValueError, match="needs a patch of"):
        synthesize(patch[:, 2:], [draw(0)], [Response()])
