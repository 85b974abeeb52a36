import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate
from skimage.metrics import structural_similarity
from torch import Tensor

from fcn_plugin.errors import InputError
from fcn_plugin.evaluation import ssim, ssim_opencv, ssim_torch
from fcn_plugin.evaluation.ssim import PROTOCOLS, ssim_by_protocol
from fcn_plugin.evaluation.ssim_opencv import STRIP_ROWS

TOLERANCE = 1e-6


def matlab_in_float64(image: Tensor, reference: Tensor) -> float:
    """MATLAB's formula as it is documented: five filterings by a cube of weights, with replicated borders."""
    squares = np.arange(-5, 6) ** 2
    window = np.exp(-(squares[:, None, None] + squares[:, None] + squares) / (2 * 1.5**2))
    window /= window.sum()

    def filtered(volume: np.ndarray) -> np.ndarray:
        return correlate(volume, window, mode="nearest")

    x, y = image.double().numpy(), reference.double().numpy()
    mean_x, mean_y = filtered(x), filtered(y)
    variance_x, variance_y = filtered(x * x) - mean_x**2, filtered(y * y) - mean_y**2
    covariance = filtered(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    numerator = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return (numerator / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))).mean()


def per_channel_in_float64(image: Tensor, reference: Tensor) -> float:
    return structural_similarity(
        image.numpy(),
        reference.numpy(),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        channel_axis=0,
    )


REFERENCES = {"matlab": matlab_in_float64, "per-channel": per_channel_in_float64}


@pytest.fixture(params=["opencv", "torch"])
def _both_ways(request, monkeypatch):
    """As on a processor, and by the code for GPUs, which runs on a processor too."""
    if request.param == "torch":
        monkeypatch.setattr(ssim_opencv, "ssim_sums", ssim_torch.ssim_sums)


both_ways = pytest.mark.usefixtures("_both_ways")


def random_image(low: int, high: int, height: int, width: int, channels: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(high * height + low * width)
    return torch.randint(low, high, (channels, height, width), generator=generator, dtype=torch.uint8)


def every_kind_of_pair() -> dict[str, tuple[Tensor, Tensor]]:
    white, black = torch.full((3, 40, 45), 255, dtype=torch.uint8), torch.zeros(3, 40, 45, dtype=torch.uint8)
    return {
        "noise": (random_image(0, 256, 61, 47), random_image(0, 255, 61, 47)),
        "almost white": (white, random_image(250, 256, 40, 45)),
        "almost black": (black, random_image(0, 4, 40, 45)),
        "opposite": (white, black),
        "as small as the window": (random_image(0, 256, 11, 11), random_image(0, 200, 11, 11)),
        "a last strip without a pixel that counts": (
            random_image(0, 256, STRIP_ROWS + 4, 13),
            random_image(0, 200, STRIP_ROWS + 4, 13),
        ),
        "grey": (random_image(0, 256, 20, 20, channels=1), random_image(0, 200, 20, 20, channels=1)),
    }


@both_ways
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", every_kind_of_pair())
def test_agrees_with_float64(kind, protocol):
    image, reference = every_kind_of_pair()[kind]
    expected = REFERENCES[protocol](image, reference)
    assert ssim(image, reference, protocol).item() == pytest.approx(expected, abs=TOLERANCE)


@both_ways
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_agrees_with_float64_on_a_photograph(blurry, sharp, protocol):
    expected = REFERENCES[protocol](blurry, sharp)
    assert ssim(blurry, sharp, protocol).item() == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("kind", ["noise", "grey", "a photograph"])
def test_agrees_with_octave(kind, blurry, sharp, tmp_path):
    """Another language's arrays, convolution and arithmetic; what they compute is in matlab_ssim.m."""
    program = shutil.which("octave-cli")
    if program is None:
        pytest.skip("there is no GNU Octave (octave-cli) on the PATH")
    pair = (blurry, sharp) if kind == "a photograph" else every_kind_of_pair()[kind]
    (tmp_path / "images").write_bytes(torch.stack(pair).transpose(-2, -1).contiguous().numpy().tobytes())
    channels, height, width = pair[0].shape
    call = f"matlab_ssim('{tmp_path / 'images'}', {height}, {width}, {channels})"
    result = subprocess.run(
        [program, "--eval", call], cwd=Path(__file__).parent, capture_output=True, text=True, timeout=120
    )
    assert ssim(*pair).item() == pytest.approx(float(result.stdout), abs=1e-7), result.stderr


@pytest.mark.parametrize(
    ("protocol", "expected"), [("matlab", 0.9557250319222228), ("per-channel", 0.8824426469317684)]
)
def test_calibration(blurry, sharp, protocol, expected):
    assert ssim(blurry, sharp, protocol).item() == pytest.approx(expected, abs=1e-7)


@both_ways
def test_matlab_takes_images_smaller_than_the_window():
    image, reference = random_image(0, 256, 3, 1), random_image(0, 200, 3, 1)
    expected = matlab_in_float64(image, reference)
    assert ssim(image, reference, "matlab").item() == pytest.approx(expected, abs=TOLERANCE)


def test_per_channel_says_what_is_too_small():
    image = random_image(0, 256, 40, 10)
    with pytest.raises(InputError, match=r"at least 11x11 pixels, not 10x40; the matlab protocol takes any"):
        ssim(image, image, "per-channel")


@both_ways
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_identical_images_score_exactly_one(sharp, protocol):
    assert ssim(sharp, sharp, protocol).item() == 1


@both_ways
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_one_value_per_image(blurry, sharp, protocol):
    values = ssim(torch.stack([blurry, sharp])[None], torch.stack([sharp, sharp])[None], protocol)
    assert values.shape == (1, 2)
    assert values[0, 0].item() == pytest.approx(ssim(blurry, sharp, protocol).item(), abs=1e-12)
    assert values[0, 1] == 1


def test_both_at_once_are_what_each_is_alone(blurry, sharp):
    both = ssim_by_protocol(blurry, sharp)
    assert both == {protocol: ssim(blurry, sharp, protocol) for protocol in PROTOCOLS}


def test_unknown_protocol(sharp):
    with pytest.raises(ValueError, match=r"no SSIM protocol 'skimage'; choose matlab or per-channel"):
        ssim(sharp, sharp, "skimage")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_cuda_agrees_with_the_processor(blurry, sharp, protocol):
    on_cuda = ssim(blurry.cuda(), sharp.cuda(), protocol).item()
    assert on_cuda == pytest.approx(ssim(blurry, sharp, protocol).item(), abs=1e-7)
