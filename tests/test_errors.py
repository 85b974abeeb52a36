import pytest

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
    ("name", "hint"), [("fnc", "; did you mean 'FCN'?"), ("ssim", "; did you mean 'SSIM'?"), ("ResNet", "")]
)
def test_a_near_miss_is_told_from_a_far_one(name, hint):
    assert did_you_mean(name, ["PSNR", "SSIM", "FCN"]) == hint
