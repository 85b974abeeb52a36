import re

import mmengine.registry
import pytest
from mmengine.registry import DefaultScope

from fcn_plugin.errors import InputError, did_you_mean, one_sentence_errors


def test_an_error_from_a_loader_worker_is_its_sentence(capsys):
    traceback = (
        "Caught InputError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n"
        '  File "dataset.py", line 1\nfcn_plugin.errors.InputError: 7.png: cannot be read: damaged\n'
    )
    with pytest.raises(SystemExit) as stop, one_sentence_errors():
        raise InputError(traceback)
    assert stop.value.code == 1
    assert capsys.readouterr().err == "error: 7.png: cannot be read: damaged\n"


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"type": "FCN", "widht": 4}, r"FCN\.__init__\(\) got .* 'widht'; did you mean 'width'\?"),
        ({"type": "FCM"}, r"FCM is not in the fcn_plugin::model registry\..*; did you mean 'FCN'\?"),
        ({"type": "FCN", "stages": 7}, r"stages must be 1 to 4, the number of grids, not 7"),
    ],
)
def test_a_mistake_in_a_config_is_a_sentence(config, sentence, capsys):
    with (
        DefaultScope.overwrite_default_scope("fcn_plugin"),
        pytest.raises(SystemExit) as stop,
        one_sentence_errors(),
    ):
        mmengine.registry.MODELS.build(config)
    assert stop.value.code == 1
    assert re.fullmatch(rf"error: (in the config, )?{sentence}\n", capsys.readouterr().err)


def test_a_components_own_mistake_keeps_its_traceback():
    with pytest.raises(TypeError), one_sentence_errors():
        mmengine.registry.MODELS.build({"type": "fcn_plugin.FCN", "width": "four"})


@pytest.mark.parametrize(
    ("name", "hint"), [("fnc", "; did you mean 'FCN'?"), ("ssim", "; did you mean 'SSIM'?"), ("ResNet", "")]
)
def test_a_near_miss_is_told_from_a_far_one(name, hint):
    assert did_you_mean(name, ["PSNR", "SSIM", "FCN"]) == hint
