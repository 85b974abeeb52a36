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


def test_a_path_may_have_an_equals_sign(write_results):
    path = write_results("lr=1e-3")
    named, plain = read_measurements([f"FCN={path}"]) + read_measurements([str(path)])
    assert (named.name, plain.name) == ("FCN", "fcn_gopro")
    assert named.path == plain.path == path


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (("a/run", "b/run"), ["a", "b"]),
        (("a/run", "b/run", "a/other"), ["a/run", "b/run", "other"]),
        (("run", "run/run"), ["work_dirs", "run"]),
    ],
)
def test_files_of_folders_of_one_name_are_told_apart(folders, names, write_results):
    found = read_measurements([str(write_results(folder)) for folder in folders])
    assert [measurement.name for measurement in found] == [f"fcn_gopro ({name})" for name in names]


def test_a_name_or_a_file_given_twice_is_refused(write_results):
    one, two = write_results("one"), write_results("two")
    with pytest.raises(InputError, match=r"two/results\.json: 'FCN' is the name of another file too"):
        read_measurements([f"FCN={two}", f"FCN={one}"])
    with pytest.raises(InputError, match=r"one/results\.json: named more than once"):
        read_measurements([str(one), f"FCN={one.parent}/../one/results.json"])


def test_other_files_are_refused_in_one_sentence(write_results, tmp_path):
    path = tmp_path / "results.json"
    with pytest.raises(
        InputError, match=r"results\.json: cannot be read \(No such .*which python tools/test\.py"
    ):
        read_measurement(path)
    path.write_text("PSNR 30")
    with pytest.raises(InputError, match=r"results\.json: not JSON"):
        read_measurement(path)
    path.write_text("[30]")
    with pytest.raises(InputError, match=r"does not tell config and checkpoint and .* and metrics"):
        read_measurement(path)
    with pytest.raises(InputError, match=r"does not tell datasets; .* test again"):
        read_measurement(write_results(datasets=None))
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"results\.json: not JSON"):
        read_measurement(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"results\.json: not JSON"):
        read_measurement(path)
    path.write_text("[" * 10**5)
    with pytest.raises(InputError, match=r"results\.json: not JSON"):
        read_measurement(path)
    with pytest.raises(InputError, match=rf"{tmp_path}: cannot be read \(Is a directory\)"):
        read_measurement(tmp_path)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"metrics": {"GoPro/PSNR": "31"}}, "gives GoPro/PSNR as '31', which is no finite number"),
        ({"metrics": {"GoPro/PSNR": True}}, "gives GoPro/PSNR as True, which is no finite number"),
        ({"metrics": {"GoPro/PSNR": float("nan")}}, "gives GoPro/PSNR as nan, which is no finite number"),
        ({"metrics": {"GoPro/PSNR": [31.0]}}, r"gives GoPro/PSNR as \[31.0\], which is no finite number"),
        ({"datasets": [7]}, "says 7 of a dataset, which is no text"),
        ({"parameters": "many"}, "gives the number of parameters as 'many'"),
        ({"better": {"PSNR": "larger"}}, "says that better is {'PSNR': 'larger'}"),
        ({"better": []}, r"says that better is \[\]"),
    ],
)
def test_fields_of_other_kinds_are_refused_in_one_sentence(fields, fault, write_results):
    with pytest.raises(InputError, match=rf"results\.json: {fault}.*; name a results\.json"):
        read_measurement(write_results(**fields))


def test_scores_of_images_that_nothing_is_told_of_are_shown_as_such(write_results):
    path = write_results(datasets=[], metrics={"PSNR": 30.0})
    assert read_measurement(path).scores == {"unnamed images (of which nothing is told)": {"PSNR": 30.0}}
