import csv
import io

import pytest

from fcn_plugin.errors import InputError
from fcn_plugin.evaluation import PSNR, SSIM
from fcn_plugin.evaluation.per_image import per_image_csv

from .test_image_metric import sample


def evaluated(metric, samples):
    metric.process(None, samples)
    metric.evaluate(len(samples))
    return metric


def read(text):
    return list(csv.reader(io.StringIO(text)))


def test_one_line_per_image_with_the_scores_of_all_metrics():
    samples = [sample("street, left", 1), sample("b", 2), sample("b", 3, dataset="HIDE")]
    metrics = [evaluated(metric, samples) for metric in (PSNR(), SSIM("matlab"))]
    head, *lines = read(per_image_csv(metrics))
    assert head == ["dataset", "key", "PSNR", "SSIM-matlab"]
    assert [line[:2] for line in lines] == [["GoPro", "street, left"], ["GoPro", "b"], ["HIDE", "b"]]
    for column, metric, name in zip((2, 3), metrics, ("PSNR", "SSIM-matlab"), strict=True):
        expected = [record["scores"][name] for record in metric.records]
        assert [float(line[column]) for line in lines] == expected


def test_prefixes_tell_metrics_of_one_kind_apart():
    metrics = [evaluated(PSNR(prefix=prefix), [sample("a", dataset=None)]) for prefix in ("first", "last")]
    head, line = read(per_image_csv(metrics))
    assert head == ["dataset", "key", "first/PSNR", "last/PSNR"]
    assert line[0] == ""


def test_two_sets_under_one_name_are_refused():
    twice = evaluated(PSNR(), [sample("0001", 1), sample("0001", 2)])
    with pytest.raises(InputError, match=r"Two of the images tested are GoPro/0001: .* share a name"):
        per_image_csv([twice])
