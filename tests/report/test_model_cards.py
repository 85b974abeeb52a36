"""The cards of this project, and what is said of cards that are wrong."""

import hashlib

import mmengine
import pytest

from fcn_plugin.errors import InputError
from fcn_plugin.report.card_update import metafile_text, network_size
from fcn_plugin.report.model_cards import MACS, metafiles, read_metafile, read_model_cards
from fcn_plugin.report.models_page import models_page

from ..conftest import PROJECT

CARDS = read_model_cards()
CONFIGURED = [card for card in CARDS if card.config is not None]
OURS = [card for card in CONFIGURED if "peers" not in card.config]
PEERS = [card for card in CONFIGURED if "peers" in card.config]


def ids(card):
    return card.name


def test_every_config_that_is_trained_has_a_card():
    configs = [*PROJECT.glob("configs/*.py"), *PROJECT.glob("configs/peers/*.py")]
    assert {card.config for card in CONFIGURED} == {path.relative_to(PROJECT).as_posix() for path in configs}


@pytest.mark.parametrize("card", OURS, ids=ids)
def test_a_card_is_right_about_its_network(card):
    assert network_size(card.config) == {"Parameters": card.parameters, MACS: card.macs}


@pytest.mark.usefixtures("spandrel")
@pytest.mark.parametrize("card", PEERS, ids=ids)
def test_a_card_is_right_about_a_network_of_others(card):
    assert network_size(card.config) == {"Parameters": card.parameters, MACS: card.macs}


def test_weights_that_are_here_are_the_ones_that_were_measured():
    for card in CONFIGURED:
        if card.weights is not None and (PROJECT / card.weights.file).is_file():
            content = (PROJECT / card.weights.file).read_bytes()
            assert hashlib.sha256(content).hexdigest() == card.weights.sha256, card.name


@pytest.mark.parametrize("path", metafiles(), ids=lambda path: path.parent.name)
def test_metafiles_are_as_the_tool_writes_them(path):
    text = path.read_text(encoding="utf-8")
    assert metafile_text(text, read_metafile(path)) == text


def test_the_page_is_of_the_cards_of_today():
    page = (PROJECT / "docs/models.md").read_text(encoding="utf-8")
    assert page == models_page(CARDS), "run python tools/report.py cards"


@pytest.fixture
def metafile(tmp_path):
    """Writes an index of one metafile with one card, changed by a function; returns the index."""

    def write(change=lambda content: None):
        content = {
            "Datasets": [{"Name": "GoPro", "Licence": "CC BY 4.0"}],
            "Collections": [{"Name": "FCN", "Paper": {"Title": "A paper", "URL": "https://example.org"}}],
            "Models": [
                {
                    "Name": "fcn",
                    "In Collection": "FCN",
                    "Config": "configs/fcn.py",
                    "Metadata": {"Parameters": 1, MACS: 2, "Training Data": ["GoPro"], "Recipe": "words"},
                    "Results": [
                        {
                            "Task": "Image Deblurring",
                            "Dataset": "GoPro",
                            "Origin": "measured",
                            "Protocol": "whole image",
                            "SHA256": "a",
                            "Metrics": {"PSNR": 30.0},
                        }
                    ],
                }
            ],
        }
        change(content)
        mmengine.dump(content, tmp_path / "metafile.yml")
        mmengine.dump({"Import": ["metafile.yml"]}, tmp_path / "model-index.yml")
        return tmp_path / "model-index.yml"

    return write


def test_a_card_is_read_whole(metafile):
    (card,) = read_model_cards(metafile())
    assert (card.name, card.config, card.parameters, card.macs) == ("fcn", "configs/fcn.py", 1, 2)
    assert card.collection.paper == "A paper"
    assert [dataset.licence for dataset in card.training_data] == ["CC BY 4.0"]
    assert [result.metrics for result in card.results] == [{"PSNR": 30.0}]


def changed(path, value):
    """A change of one field of a metafile, None to remove it; the last part of the path is its name."""
    *parents, name = path

    def change(content):
        for parent in parents:
            content = content[parent]
        if value is None:
            del content[name]
        else:
            content[name] = value

    return change


MODEL = ("Models", 0)
RESULT = (*MODEL, "Results", 0)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ((*MODEL, "Name"), None, r"metafile\.yml: a model lacks Name; add it"),
        (
            (*MODEL, "Configs"),
            "x.py",
            r"a model 'fcn' has an unknown field 'Configs'; did you mean 'Config'\?",
        ),
        (
            (*MODEL, "In Collection"),
            "FNC",
            r"In Collection names no 'FNC' that there is; did you mean 'FCN'\?",
        ),
        ((*MODEL, "Metadata", "Parameters"), None, r"a model 'fcn': its metadata lacks Parameters"),
        ((*MODEL, "Metadata", MACS), "439 G", r"MACs at 256x256 must be a whole number, not '439 G'"),
        ((*MODEL, "Metadata", "Training Data"), ["gopro"], r"Training Data names no 'gopro'.*'GoPro'\?"),
        ((*MODEL, "Weights"), "fcn.safetensors", r"a model 'fcn' has Weights and lacks Weights SHA256"),
        ((*RESULT, "Origin"), "guessed", r"Results 1: Origin must be published or measured, not 'guessed'"),
        ((*RESULT, "SHA256"), None, r"Results 1 is measured and lacks SHA256"),
        ((*RESULT, "Metrics"), {"SSIM": 0.972}, r"SSIM is several; call it SSIM-matlab"),
        ((*RESULT, "Metrics"), {"PSNR": "30 dB"}, r"PSNR must be a number, not '30 dB'"),
        ((*RESULT, "Better"), {"LPIPS": "less"}, r"LPIPS is better when higher or lower, not 'less'"),
        (("Models",), ["fcn"], r"a model is 'fcn', not a mapping"),
    ],
)
def test_a_mistake_in_a_card_is_named(path, value, message, metafile):
    index = metafile(changed(path, value))
    with pytest.raises(InputError, match=message):
        read_model_cards(index)


def test_results_and_weights_of_a_card_are_of_one_file(metafile):
    def offer(content):
        content["Models"][0] |= {"Weights": "w", "Weights SHA256": "b", "Weights Licence": "CC BY 4.0"}

    with pytest.raises(InputError, match="not of one file of weights"):
        read_model_cards(metafile(offer))


def test_names_are_given_once(metafile):
    index = metafile(lambda content: content["Models"].append(content["Models"][0]))
    with pytest.raises(InputError, match="more than one model 'fcn'"):
        read_model_cards(index)


def test_a_file_that_is_missing_or_no_yaml_is_named(tmp_path, metafile):
    with pytest.raises(InputError, match=r"model-index\.yml: no such file"):
        read_model_cards(tmp_path / "model-index.yml")
    index = metafile()
    (tmp_path / "metafile.yml").write_text("Models: [")
    with pytest.raises(InputError, match=r"metafile\.yml: not YAML"):
        read_model_cards(index)
    (tmp_path / "metafile.yml").write_text("Models")
    with pytest.raises(InputError, match=r"metafile\.yml: holds no Models"):
        read_model_cards(index)
