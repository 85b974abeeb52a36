import hashlib
import shutil

import pytest

from fcn_plugin.errors import InputError
from fcn_plugin.report.card_update import metafile_text, update_cards
from fcn_plugin.report.measurement import read_measurement
from fcn_plugin.report.model_cards import MEASURED, metafiles, read_metafile, read_model_cards
from fcn_plugin.report.models_page import models_page

from ..conftest import PROJECT


@pytest.fixture
def index(tmp_path):
    """An index of two metafiles: this project's datasets, and of its FCN cards the paper's recipe."""
    content = read_metafile(PROJECT / "configs/metafile.yml")
    content["Models"] = [model for model in content["Models"] if model["Name"] == "fcn_gopro"]
    (tmp_path / "models.yml").write_text(metafile_text("# Cards.\n", content), encoding="utf-8")
    shutil.copy(PROJECT / "configs/_base_/datasets/metafile.yml", tmp_path / "datasets.yml")
    index = tmp_path / "model-index.yml"
    index.write_text("Import: [datasets.yml, models.yml]\n")
    return index


def results_of(index, name="fcn_gopro"):
    (card,) = (card for card in read_model_cards(index) if card.name == name)
    return [result for result in card.results if result.origin == MEASURED]


def texts_of(index):
    return [path.read_text(encoding="utf-8") for path in metafiles(index)]


def test_cards_that_are_right_stay_as_they_are(index):
    before = texts_of(index)
    path = metafiles(index)[-1]
    path.write_text(path.read_text(encoding="utf-8").replace("20145092", "20145091"), encoding="utf-8")
    update_cards(index=index)
    assert texts_of(index) == before


def test_results_are_recorded_and_those_of_other_weights_dropped(index, write_results):
    update_cards([read_measurement(write_results())], index=index)
    gopro, hide = results_of(index)
    assert gopro.metrics == {
        "PSNR": 31.5,
        "PSNR-blurry": 25.64,
        "SSIM-matlab": 0.95,
        "SSIM-per-channel": 0.93,
    }
    assert (hide.dataset, hide.sha256) == ("HIDE", "a" * 64)
    assert hide.protocol.endswith("2025 pairs; whole image, float32 on cuda:0")

    more = write_results(datasets=["dataset=REDS, split=val, 300 pairs"], metrics={"REDS/PSNR": 28.123456})
    update_cards([read_measurement(more)], index=index)
    assert [result.dataset for result in results_of(index)] == [
        "GoPro",
        "HIDE",
        "REDS (split=val, 300 pairs)",
    ]
    assert results_of(index)[-1].metrics == {"PSNR": 28.1235}

    update_cards([read_measurement(write_results(sha256="b" * 64))], index=index)
    assert [(result.dataset, result.sha256[0]) for result in results_of(index)] == [
        ("GoPro", "b"),
        ("HIDE", "b"),
    ]


def test_which_way_is_better_is_recorded_of_metrics_whose_names_do_not_say_it(index, write_results):
    metrics, better = {"GoPro/PSNR": 31.5, "GoPro/LPIPS": 0.1}, {"PSNR": "higher", "LPIPS": "lower"}
    update_cards([read_measurement(write_results(metrics=metrics, better=better))], index=index)
    (result,) = results_of(index)
    assert result.better == {"LPIPS": "lower"}
    assert "GoPro LPIPS ↓" in models_page(read_model_cards(index))


def test_weights_are_offered_once_they_are_the_measured_ones(index, write_results, tmp_path):
    weights = tmp_path / "fcn.safetensors"
    weights.write_bytes(b"weights")
    before = texts_of(index)
    other = read_measurement(write_results())
    with pytest.raises(InputError, match=r"fcn\.safetensors: has sha256 .*; test these weights first"):
        update_cards([other], weights, "CC BY 4.0", index)
    with pytest.raises(InputError, match=r"name the one results file that it was tested in, and its licence"):
        update_cards([], weights, "CC BY 4.0", index)
    assert texts_of(index) == before

    sha256 = hashlib.sha256(b"weights").hexdigest()
    measurement = read_measurement(write_results(sha256=sha256))
    update_cards([measurement], weights, "CC BY 4.0", index)
    card = next(card for card in read_model_cards(index) if card.name == "fcn_gopro")
    assert (card.weights.file, card.weights.sha256) == ("fcn.safetensors", sha256)
    with pytest.raises(InputError, match="not of one file of weights"):
        update_cards([other], index=index)


def test_a_measurement_of_something_else_is_refused(index, write_results):
    before = texts_of(index)
    with pytest.raises(InputError, match=r"the network tested has 7 parameters and that of .* 20145092"):
        update_cards([read_measurement(write_results(parameters=7))], index=index)
    with pytest.raises(InputError, match=r"its config mine\.py has no model card"):
        update_cards([read_measurement(write_results(config="mine.py"))], index=index)
    assert texts_of(index) == before


def test_a_network_that_cannot_be_built_here_keeps_its_numbers(index, write_results, monkeypatch):
    def no_spandrel(config):
        raise InputError("spandrel is missing")

    monkeypatch.setattr("fcn_plugin.report.card_update.network_size", no_spandrel)
    before, told = texts_of(index), []
    update_cards(index=index, report=told.append)
    assert texts_of(index) == before
    assert "configs/fcn_gopro.py keeps its numbers: spandrel is missing" in told
