import pytest
from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement

from fcn_plugin.evaluation import SSIM, ssim
from fcn_plugin.registry import METRICS

from .test_image_metric import rounded, sample


@pytest.mark.parametrize(
    ("protocol", "names"),
    [
        ("matlab", ["GoPro/SSIM-matlab"]),
        ("per-channel", ["GoPro/SSIM-per-channel"]),
        (("matlab", "per-channel"), ["GoPro/SSIM-matlab", "GoPro/SSIM-per-channel"]),
    ],
)
def test_ssim_is_named_by_its_protocol(protocol, names):
    metric, one = SSIM(protocol), sample("a")
    metric.process(None, [one])
    result = metric.evaluate(1)
    assert list(result) == names
    for name in names:
        expected = ssim(rounded(one), one["gt_img"], name.removeprefix("GoPro/SSIM-")).item()
        assert result[name] == pytest.approx(expected)


def test_unknown_protocol_is_refused_when_built():
    with pytest.raises(ValueError, match="no SSIM protocol 'gaussian'"):
        METRICS.build({"type": "SSIM", "protocol": "gaussian"})


def test_baseline_of_ssim():
    metric, one = SSIM("matlab", baseline=True), sample("a")
    metric.process({"inputs": [one["gt_img"]]}, [one])
    assert metric.evaluate(1)["GoPro/SSIM-matlab-blurry"] == 1


def test_evaluator_takes_them_from_configs_without_a_warning(monkeypatch):
    printed = []
    monkeypatch.setattr("mmengine.evaluator.metric.print_log", lambda *words, **_: printed.append(words))
    evaluator = Evaluator(
        [{"type": "fcn_plugin.PSNR"}, {"type": "fcn_plugin.SSIM", "protocol": "matlab", "baseline": True}]
    )
    one = sample("a")
    element = BaseDataElement(
        metainfo={"key": "a", "dataset": "demo"}, gt_img=one["gt_img"], pred_img=one["pred_img"]
    )
    evaluator.process([element], {"inputs": [one["gt_img"]]})
    assert list(evaluator.evaluate(1)) == ["demo/PSNR", "demo/SSIM-matlab", "demo/SSIM-matlab-blurry"]
    assert printed == []
