import pytest
import torch

from fcn_plugin.benchmark.metrics import comparison, scorers


def test_another_ssim_than_scikit_images_is_not_measured(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    image, reference = torch.randint(0, 256, (2, 3, 16, 20), generator=generator, dtype=torch.uint8)
    comparison.check_agreement(image, reference)
    monkeypatch.setitem(scorers.GAUSSIAN, "sigma", 1.4)
    with pytest.raises(RuntimeError, match=r"SSIM per-channel is -0\.\d+ here and -0\.\d+ by scikit-image"):
        comparison.check_agreement(image, reference)
