import pytest
import torch

from fcn_plugin.benchmark.cost import count_parameters
from fcn_plugin.benchmark.way import build_model
from fcn_plugin.engine.launch import test as run_test
from fcn_plugin.errors import InputError
from fcn_plugin.report.measurement import read_measurement, read_measurements

from .conftest import GOPRO, HIDE


def test_what_the_tools_write_is_read(tiny_config, tmp_path):
    model = build_model(tiny_config)
    torch.save({"state_dict": model.state_dict()}, tmp_path / "weights.pth")
    run_test(tiny_config, str(tmp_path / "weights.pth"))
    measurement = read_measurement(f"{tiny_config.work_dir}/results.json")
    assert measurement.name == "fcn_demo"
    assert measurement.is_of("configs/fcn_demo.py")
    assert not measurement.is_of("configs/demo.py")
    ((label, scores),) = measurement.scores.items()
    assert label == "demo (blur=synthetic, 5 pairs)"
    assert scores.keys() >= {"PSNR", "PSNR-blurry", "SSIM-matlab"}
    assert measurement.better == dict.fromkeys(("PSNR", "SSIM-matlab", "SSIM-per-channel"), "higher")
    assert measurement.parameters == count_parameters(model.network)
    assert measurement.protocol.endswith("; whole image, global statistics, float32 on cpu")


@pytest.mark.parametrize(
    ("facts", "label"),
    [
        (GOPRO, "GoPro"),
        (GOPRO.replace("linear", "gamma"), "GoPro (split=test, blur=gamma, 1111 pairs)"),
        (GOPRO.replace("1111", "111"), "GoPro (split=test, blur=linear, 111 pairs)"),
        (GOPRO.replace("test", "train"), "GoPro (split=train, blur=linear, 1111 pairs)"),
        (HIDE, "HIDE"),
        ("dataset=HIDE, split=test, storage=zip, 962 pairs", "HIDE (split=test, 962 pairs)"),
        ("dataset=REDS, split=val, storage=folder, 300 pairs", "REDS (split=val, 300 pairs)"),
    ],
)
def test_only_whole_test_sets_have_the_names_of_published_ones(facts, label, write_results):
    name = facts.removeprefix("dataset=").partition(",")[0]
    path = write_results(datasets=[facts], metrics={f"{name}/PSNR": 30.0})
    assert read_measurement(path).scores == {label: {"PSNR": 30.0}}


def test_files_are_found_named_and_told_apart(write_results, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_measurements([]) == []
    one, two = write_results("one"), write_results("two")
    write_results("three", config="elsewhere/mine.py")
    names = [measurement.name for measurement in read_measurements([])]
    assert names == ["fcn_gopro (one)", "mine", "fcn_gopro (two)"]
    measurements = read_measurements([f"FCN, 600 epochs={one}", str(two)])
    assert [measurement.name for measurement in measurements] == ["FCN, 600 epochs", "fcn_gopro"]


def test_other_files_are_refused_in_one_sentence(write_results, tmp_path):
    path = tmp_path / "results.json"
    with pytest.raises(InputError, match=r"results\.json: no such results file; python tools/test\.py"):
        read_measurement(path)
    path.write_text("PSNR 30")
    with pytest.raises(InputError, match=r"results\.json: not JSON"):
        read_measurement(path)
    path.write_text("[30]")
    with pytest.raises(InputError, match=r"does not tell config and checkpoint and .* and metrics"):
        read_measurement(path)
    with pytest.raises(InputError, match=r"does not tell datasets; .* test again"):
        read_measurement(write_results(datasets=None))
