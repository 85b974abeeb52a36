import logging

import pytest
from mmengine.logging import MessageHub

from fcn_plugin.engine.hooks import BestCheckpointHook
from fcn_plugin.errors import InputError


class FakeRunner:
    """Just what the hook asks of a Runner; ``saved`` lists the best checkpoints it was told to write."""

    def __init__(self, folder):
        self.work_dir = str(folder)
        self.message_hub = MessageHub(f"{folder.name}-hub")
        self.logger = logging.getLogger("test")
        self.epoch, self.iter = 0, 0
        self.saved = []

    def save_checkpoint(self, out_dir, filename, **_):
        self.saved.append(filename)


@pytest.fixture
def runner(tmp_path):
    return FakeRunner(tmp_path)


def validate(hook, runner, *scores):
    hook.before_train(runner)
    for psnr, ssim in scores:
        runner.epoch += 1
        hook.after_val_epoch(runner, {"PSNR": psnr, "SSIM": ssim})
    return [int(name.removesuffix(".pth").rpartition("_")[2]) for name in runner.saved]


def test_joint_asks_both_records_to_fall(runner):
    hook = BestCheckpointHook(save_best=["PSNR", "SSIM"], joint=True, rule="greater")
    scores = [(30, 0.90), (31, 0.90), (31, 0.89), (29, 0.95), (30.5, 0.91), (30.5, 0.92), (32, 0.92)]
    assert validate(hook, runner, *scores) == [1, 5, 7]


def test_records_are_those_of_the_best_checkpoint(runner):
    hook = BestCheckpointHook(save_best=["PSNR", "SSIM"], joint=True, rule="greater")
    validate(hook, runner, (30, 0.90), (35, 0.80))
    assert runner.message_hub.get_info("best_score") == 30
    assert runner.message_hub.get_info("best_score_SSIM") == 0.90


def test_records_survive_resuming(runner, tmp_path):
    first = BestCheckpointHook(save_best=["PSNR", "SSIM"], joint=True, rule="greater")
    validate(first, runner, (30, 0.90))
    second = BestCheckpointHook(save_best=["PSNR", "SSIM"], joint=True, rule="greater")
    assert validate(second, runner, (31, 0.89), (31, 0.91)) == [1, 3]


def test_one_metric_is_mmengines_own_rule(runner):
    hook = BestCheckpointHook(save_best="PSNR", rule="greater")
    assert validate(hook, runner, (30, 0.90), (31, 0.80), (30.5, 0.95)) == [1, 2]


def test_a_missing_metric_is_named(runner):
    hook = BestCheckpointHook(save_best=["PSNR", "LPIPS"], joint=True, rule="greater")
    with pytest.raises(InputError, match=r"save_best='LPIPS' .* gives PSNR, SSIM"):
        validate(hook, runner, (30, 0.9))


def test_joint_needs_two_metrics():
    with pytest.raises(ValueError, match="two or more"):
        BestCheckpointHook(save_best="PSNR", joint=True)


def test_validation_without_training_saves_nothing(runner):
    hook = BestCheckpointHook(save_best="PSNR", rule="greater")
    hook.after_val_epoch(runner, {"PSNR": 30})
    assert runner.saved == []
