import io

import cv2
import numpy as np
import pytest
import torch
from rich.console import Console

from fcn_plugin.evaluation import psnr, ssim
from fcn_plugin.evaluation.pair_statistics import (
    crops,
    gradient_energy,
    pair_statistics,
    statistics_table,
    summarise,
)


def noise(height, width, seed=0):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return torch.from_numpy(image).permute(2, 0, 1)


def blurred(image):
    return torch.from_numpy(cv2.blur(image.permute(1, 2, 0).numpy(), (3, 3))).permute(2, 0, 1)


def test_gradient_energy_of_a_ramp_and_of_a_step():
    ramp = (3 * torch.arange(10)).to(torch.uint8).expand(3, 8, 10)
    assert gradient_energy(ramp) == pytest.approx(9)
    assert gradient_energy(ramp.mT) == pytest.approx(9)
    assert gradient_energy(torch.zeros(2, 3, 8, 8, dtype=torch.uint8)).tolist() == [0, 0]


@pytest.mark.parametrize(("size", "corners"), [
    (4, [(0, 0), (0, 4), (4, 0), (4, 4)]),
    (5, [(0, 0), (0, 3), (3, 0), (3, 3)]),
    (8, [(0, 0)]),
])  # fmt: skip
def test_crops_cover_the_image(size, corners):
    image = noise(8, 8)
    expected = [image[:, top : top + size, left : left + size] for top, left in corners]
    assert torch.equal(crops(image, size), torch.stack(expected))


def test_crops_of_small_and_of_whole_images():
    image = noise(8, 12)
    assert torch.equal(crops(image, 0), image[None])
    assert len(crops(image, 9)) == 0


def test_scores_are_those_of_each_crop():
    sharp = noise(24, 36)
    blurry = blurred(sharp)
    scores = pair_statistics([(blurry, sharp)], crop_size=18)
    pairs = list(zip(crops(blurry, 18), crops(sharp, 18), strict=True))
    assert scores["PSNR"] == pytest.approx([float(psnr(*pair)) for pair in pairs])
    assert scores["SSIM"] == pytest.approx([float(ssim(*pair)) for pair in pairs])
    ratios = [float(gradient_energy(a) / gradient_energy(b)) for a, b in pairs]
    assert scores["gradient energy"] == pytest.approx(ratios)
    assert max(ratios) < 0.2


def test_crops_without_a_score_are_left_out():
    sharp = noise(12, 24)
    blurry = sharp.clone()
    blurry[..., :12] = blurred(sharp)[..., :12]  # the right crop is not blurred at all
    black = torch.zeros_like(sharp)
    scores = pair_statistics([(blurry, sharp), (black, black), (noise(6, 6), noise(6, 6))], crop_size=12)
    assert {len(values) for values in scores.values()} == {1}


def test_summary():
    summary = summarise([float(value) for value in range(101)])
    assert summary["mean"] == summary["50 %"] == 50
    assert (summary["5 %"], summary["95 %"]) == (5, 95)
    assert summary["deviation"] == pytest.approx(np.std(np.arange(101)))


def test_table_has_a_row_for_each_score_and_set():
    summary = {name: summarise([1.0, 3.0]) for name in ("PSNR", "SSIM", "gradient energy")}
    console = Console(width=160, file=io.StringIO())
    console.print(statistics_table({"synthetic": summary, "[GoPro]": summary}))
    text = console.file.getvalue()
    assert text.count("synthetic") == text.count("[GoPro]") == 3
    assert "2.00" in text
    assert "2.000" in text
