import socket
import sys

import pytest
import torch
from mmengine.evaluator import Evaluator

from fcn_plugin.errors import InputError
from fcn_plugin.evaluation import PSNR, PyIQAMetric

from .test_image_metric import rounded, sample


def test_without_the_library_it_says_where_to_read_on(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    with pytest.raises(InputError, match=r"'lpips' comes from pyiqa, which cannot .*docs/metrics\.md"):
        PyIQAMetric("lpips")


@pytest.mark.usefixtures("pyiqa")
class TestWithTheLibrary:
    def test_images_arrive_as_they_are_scored_here(self):
        theirs, ours = PyIQAMetric("psnr"), PSNR()
        samples = [sample("a", 1), sample("b", 2), sample("c", 3, height=12)]
        for metric in (theirs, ours):
            metric.process(None, samples)
        assert theirs.evaluate(3) == {"GoPro/PSNR": pytest.approx(ours.evaluate(3)["GoPro/PSNR"], abs=1e-4)}
        assert [record["key"] for record in theirs.records] == ["a", "b", "c"]

    @pytest.mark.parametrize(("metric", "lower"), [("psnr", False), ("entropy", False), ("gmsd", True)])
    def test_it_says_which_scores_are_better(self, metric, lower):
        assert PyIQAMetric(metric).lower_is_better is lower

    def test_a_metric_of_one_image_needs_no_sharp_one(self):
        evaluator = Evaluator({"type": "fcn_plugin.PyIQAMetric", "metric": "entropy", "baseline": True})
        flat, noise = torch.full((3, 16, 16), 0.5), torch.rand(3, 16, 16)
        samples = [{"pred_img": image, "key": key} for image, key in ((flat, "flat"), (noise, "noise"))]
        blurry = torch.full((2, 3, 16, 16), 7, dtype=torch.uint8)
        evaluator.process(samples, {"inputs": blurry})
        metrics = evaluator.evaluate(2)
        (flat_entropy, noise_entropy) = (
            record["scores"]["ENTROPY"] for record in evaluator.metrics[0].records
        )
        assert flat_entropy == pytest.approx(0, abs=1e-3)
        assert noise_entropy > 4
        assert metrics["ENTROPY-blurry"] == pytest.approx(0, abs=1e-3)

    def test_lpips_of_equal_images_is_zero(self):
        """Of a network with random weights, which need not be fetched."""
        torch.manual_seed(0)
        metric = PyIQAMetric("lpips", arguments={"net": "squeeze", "pretrained": False, "pnet_rand": True})
        same, other = sample("same", height=64, width=64), sample("other", height=64, width=64)
        same["pred_img"] = same["gt_img"] / 255
        assert not torch.equal(rounded(other), other["gt_img"])
        metric.process(None, [same, other])
        equal, different = (record["scores"]["LPIPS"] for record in metric.results)
        assert equal == 0
        assert different != 0

    def test_weights_that_cannot_be_fetched(self, monkeypatch, tmp_path):
        def offline(*_, **__):
            raise socket.gaierror("no network")

        monkeypatch.setattr(socket, "getaddrinfo", offline)
        monkeypatch.setattr("pyiqa.utils.download_util.DEFAULT_CACHE_DIR", str(tmp_path))
        with pytest.raises(
            InputError, match=r"pyiqa cannot get the weights of 'niqe' .*no network.*; run it once"
        ):
            PyIQAMetric("niqe")

    def test_an_unknown_name(self):
        with pytest.raises(InputError, match=r"pyiqa has no metric 'lpisp'; did you mean 'lpips'\?"):
            PyIQAMetric("lpisp")
