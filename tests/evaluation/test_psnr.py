import math

import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from fcn_plugin.evaluation import psnr
from fcn_plugin.evaluation.psnr import _on_gpu, _on_processor


def test_agrees_with_scikit_image(blurry, sharp):
    expected = peak_signal_noise_ratio(sharp.numpy(), blurry.numpy(), data_range=255)
    assert psnr(blurry, sharp).item() == pytest.approx(expected, abs=1e-9)


def test_calibration(blurry, sharp):
    assert psnr(blurry, sharp).item() == pytest.approx(29.422633964828734, abs=1e-9)


def test_one_error_is_pooled_over_the_channels():
    reference = torch.zeros(3, 8, 8, dtype=torch.uint8)
    image = reference.clone()
    image[0] = 30
    # The mean of the channels' PSNRs would be infinite.
    assert psnr(image, reference).item() == pytest.approx(10 * math.log10(255**2 / 300))


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0)])
def test_is_exact_at_any_size_and_order_in_memory(order):
    white = torch.full((3, 1080, 1920), 255, dtype=torch.uint8)
    white = white.permute(order).contiguous().permute(*(order.index(dim) for dim in range(3)))
    assert psnr(white, torch.zeros_like(white)).item() == 0
    assert psnr(white, torch.zeros(3, 1080, 1920, dtype=torch.uint8)).item() == 0


def test_the_code_for_gpus_gives_the_same(blurry, sharp):
    pair = torch.stack([blurry, sharp])[:, None], torch.stack([sharp, sharp])[:, None]
    assert torch.equal(_on_gpu(*pair), _on_processor(*pair))


def test_one_value_per_image(blurry, sharp):
    values = psnr(torch.stack([blurry, sharp, sharp]), torch.stack([sharp, blurry, sharp]))
    assert values.shape == (3,)
    assert values[0] == values[1] == psnr(blurry, sharp)
    assert values[2] == math.inf
