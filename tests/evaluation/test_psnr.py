import math

import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from fcn_plugin.evaluation import psnr


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


def test_one_value_per_image(blurry, sharp):
    values = psnr(torch.stack([blurry, sharp, sharp]), torch.stack([sharp, blurry, sharp]))
    assert values.shape == (3,)
    assert values[0] == values[1] == psnr(blurry, sharp)
    assert values[2] == math.inf
