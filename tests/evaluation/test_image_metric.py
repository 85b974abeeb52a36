import math

import pytest
import torch

from fcn_plugin.errors import InputError
from fcn_plugin.evaluation import PSNR, SSIM, ImageMetric, psnr


def random_image(seed: int, height: int = 16, width: int = 20) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (3, height, width), generator=generator, dtype=torch.uint8)


def sample(key: str, seed: int = 0, dataset: str | None = "GoPro", **size: int) -> dict:
    """A data sample whose prediction is far from, but not unlike, its sharp image."""
    sharp = random_image(seed, **size)
    prediction = (sharp / 255 + random_image(seed + 1, **size) / 255) / 2
    named = {} if dataset is None else {"dataset": dataset}
    return {"pred_img": prediction, "gt_img": sharp, "key": key, **named}


def rounded(data_sample: dict) -> torch.Tensor:
    return (data_sample["pred_img"] * 255).round().to(torch.uint8)


def test_mean_of_each_dataset():
    samples = [sample("a", 1, "GoPro"), sample("b", 2, "HIDE"), sample("c", 3, "GoPro")]
    metric = PSNR()
    metric.process(None, samples[:1])
    metric.process(None, samples[1:])
    scores = [psnr(rounded(one), one["gt_img"]).item() for one in samples]
    assert metric.evaluate(3) == {
        "GoPro/PSNR": pytest.approx((scores[0] + scores[2]) / 2),
        "HIDE/PSNR": pytest.approx(scores[1]),
    }


def test_no_prefix_without_a_dataset():
    metric = PSNR()
    metric.process(None, [sample("a", dataset=None)])
    assert list(metric.evaluate(1)) == ["PSNR"]


@pytest.mark.parametrize("together", [list, torch.stack])
def test_baseline_scores_the_blurry_images(together):
    samples = [sample("a", 1), sample("b", 2)]
    blurry = [random_image(3), random_image(4)]
    metric = PSNR(baseline=True)
    metric.process({"inputs": together(blurry)}, samples)
    result = metric.evaluate(2)
    assert list(result) == ["GoPro/PSNR", "GoPro/PSNR-blurry"]
    expected = psnr(torch.stack(blurry), torch.stack([one["gt_img"] for one in samples])).mean()
    assert result["GoPro/PSNR-blurry"] == pytest.approx(expected.item())


def test_values_are_plain_floats():
    metric = SSIM(baseline=True)
    metric.process({"inputs": [random_image(5)]}, [sample("a")])
    assert {type(value) for value in metric.evaluate(1).values()} == {float}


def test_identical_images_give_infinity():
    metric, sharp = PSNR(), random_image(0)
    metric.process(None, [{"pred_img": sharp / 255, "gt_img": sharp, "key": "a"}])
    assert metric.evaluate(1) == {"PSNR": math.inf}


def test_prediction_may_be_of_low_precision():
    metric, one = PSNR(), sample("a")
    one["pred_img"] = one["pred_img"].bfloat16()
    metric.process(None, [one])
    expected = psnr((one["pred_img"].float() * 255).round().to(torch.uint8), one["gt_img"]).item()
    assert metric.evaluate(1)["GoPro/PSNR"] == pytest.approx(expected)


def test_records_keep_the_order_of_the_samples_whatever_their_sizes():
    # MMEngine drops the last records when a sampler has padded the dataset.
    samples = [sample("a", 1), sample("b", 2, height=12), sample("c", 3)]
    metric = PSNR()
    metric.process(None, samples)
    assert [record["key"] for record in metric.results] == ["a", "b", "c"]
    expected = [psnr(rounded(one), one["gt_img"]).item() for one in samples]
    assert [record["scores"]["PSNR"] for record in metric.results] == pytest.approx(expected)
    padded = metric.evaluate(2)
    assert padded == {"GoPro/PSNR": pytest.approx((expected[0] + expected[1]) / 2)}


def test_images_of_one_size_are_scored_in_one_call():
    batches = []

    class Watched(ImageMetric):
        def score(self, images, references):
            batches.append(images.shape)
            return {"none": torch.zeros(len(images))}

    Watched().process(None, [sample("a", 1), sample("b", 2, height=12), sample("c", 3)])
    assert batches == [(2, 3, 16, 20), (1, 3, 12, 20)]


def test_nan_names_the_image():
    bad = sample("GOPR0384/000012")
    bad["pred_img"][0, 3, 4] = math.nan
    with pytest.raises(InputError, match=r"The prediction for GOPR0384/000012 has values that are NaN"):
        PSNR().process(None, [sample("fine"), bad])


@pytest.mark.parametrize("metric", [PSNR(), SSIM()])
def test_different_sizes_name_the_image(metric):
    bad = sample("000012")
    bad["pred_img"] = bad["pred_img"][:, :, 1:]
    with pytest.raises(InputError, match=r"prediction for 000012 is 3x16x19 pixels but .* is 3x16x20"):
        metric.process(None, [bad])


def test_baseline_of_a_different_size_names_the_image():
    with pytest.raises(InputError, match=r"blurry image for 000012 is 3x8x8 pixels but"):
        PSNR(baseline=True).process({"inputs": [random_image(0, 8, 8)]}, [sample("000012")])


def test_a_prediction_elsewhere_scores_the_same():
    here = sample("a", 1)
    there = {**here, "output": {"image": here["pred_img"] * 255}}
    del there["pred_img"]
    metric, expected = PSNR(prediction={"path": "output.image", "white": 255}), PSNR()
    metric.process(None, [there])
    expected.process(None, [here])
    assert metric.evaluate(1) == expected.evaluate(1)


def test_records_of_an_evaluation_are_kept_as_they_were_averaged():
    metric = PSNR()
    metric.process(None, [sample("a", 1), sample("b", 2), sample("a", 1)])
    mean = metric.evaluate(2)["GoPro/PSNR"]
    assert [record["key"] for record in metric.records] == ["a", "b"]
    assert sum(record["scores"]["PSNR"] for record in metric.records) / 2 == mean
    metric.process(None, [sample("c", 3)])
    metric.evaluate(1)
    assert [record["key"] for record in metric.records] == ["c"]


def test_a_metric_without_reference_needs_no_sharp_image():
    class Brightness(ImageMetric):
        full_reference = False

        def score(self, images, references):
            assert references is None
            return {"brightness": images.double().mean(dim=(1, 2, 3))}

    metric = Brightness(baseline=True)
    images = [{"pred_img": torch.full((3, 8, width), 0.2), "key": str(width)} for width in (9, 8)]
    metric.process({"inputs": [torch.full((3, 8, 8), 7, dtype=torch.uint8)] * 2}, images)
    assert metric.evaluate(2) == {"brightness": 51, "brightness-blurry": 7}
