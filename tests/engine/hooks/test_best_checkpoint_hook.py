import logging
from pathlib import Path

import pytest
import torch
from mmengine.logging import MessageHub

from fcn_plugin.engine.hooks import BestCheckpointHook, PortableCheckpointHook
from fcn_plugin.errors import InputError


class FakeRunner:
    """Just what the hook asks of a Runner; ``saved`` lists the best checkpoints it was told to write."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self.work_dir = str(folder)
        self.message_hub = MessageHub(f"{folder.name}-hub")
        self.logger = logging.getLogger("test")
        self.epoch, self.iter = 0, 0
        self.val_loop = None  # so nothing is known of its metrics
        self.train_loop = None
        self.model = torch.nn.Identity()
        self.saved = []

    def save_checkpoint(self, out_dir, filename, **_):
        self.saved.append(filename)
        # The last best checkpoint is still there while the new one is written.
        assert len(self.saved) == 1 or Path(out_dir, self.saved[-2]).exists()
        Path(out_dir, filename).touch()


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
    assert [path.name for path in Path(runner.work_dir).glob("*.pth")] == ["best_PSNR_epoch_7.pth"]


def test_records_are_those_of_the_best_checkpoint(runner):
    hook = BestCheckpointHook(save_best=["PSNR", "SSIM"], joint=True, rule="greater")
    validate(hook, runner, (30, 0.90), (35, 0.80))
    assert runner.message_hub.get_info("best_score") == 30
    assert runner.message_hub.get_info("best_score_SSIM") == 0.90


def test_records_survive_resuming(runner, tmp_path):
    validate(BestCheckpointHook(save_best=["PSNR", "SSIM"], joint=True), runner, (30, 0.90))
    checkpoint = {"message_hub": runner.message_hub.state_dict()}
    portable = PortableCheckpointHook(strict=False)
    portable.before_save_checkpoint(runner, checkpoint)
    torch.save(checkpoint, tmp_path / "resumed.pth")

    resumed = FakeRunner(tmp_path / "resumed")
    resumed.epoch = 1
    checkpoint = torch.load(tmp_path / "resumed.pth", weights_only=True)
    portable.after_load_checkpoint(resumed, checkpoint)
    resumed.message_hub.load_state_dict(checkpoint["message_hub"])
    hook = BestCheckpointHook(save_best=["PSNR", "SSIM"], joint=True)
    assert validate(hook, resumed, (31, 0.89), (31, 0.91)) == [3]
    assert (tmp_path / "best_PSNR_epoch_1.pth").exists()  # of another run's folder, nothing is removed


def test_a_folder_that_is_copied_has_its_own_best_checkpoint(runner, tmp_path):
    validate(BestCheckpointHook(save_best="PSNR", rule="greater"), runner, (30, 0.90))
    copied = FakeRunner(tmp_path / "copied")
    (tmp_path / "copied/best_PSNR_epoch_1.pth").touch()
    copied.message_hub.load_state_dict(runner.message_hub.state_dict())
    copied.epoch = 1
    hook = BestCheckpointHook(save_best="PSNR", rule="greater")
    validate(hook, copied)
    assert copied.message_hub.get_info("best_ckpt") == str(tmp_path / "copied/best_PSNR_epoch_1.pth")
    assert validate(hook, copied, (31, 0.9)) == [2]
    assert [path.name for path in sorted(tmp_path.rglob("*.pth"))] == [
        "best_PSNR_epoch_1.pth",
        "best_PSNR_epoch_2.pth",
    ]
    assert (tmp_path / "best_PSNR_epoch_1.pth").exists()


def test_one_metric_is_mmengines_own_rule(runner):
    hook = BestCheckpointHook(save_best="PSNR", rule="greater")
    assert validate(hook, runner, (30, 0.90), (31, 0.80), (30.5, 0.95)) == [1, 2]


def test_of_several_metrics_each_keeps_its_best_till_the_next_is_there(runner):
    hook = BestCheckpointHook(save_best=["PSNR", "SSIM"], rule="greater")
    hook.before_train(runner)
    there = []
    runner.save_checkpoint = lambda out_dir, filename, **_: (
        there.append(sorted(path.name for path in Path(out_dir).glob("*.pth"))),
        Path(out_dir, filename).touch(),
    )
    for runner.epoch, scores in enumerate([(30, 0.90), (31, 0.80), (29, 0.95)], 1):
        hook.after_val_epoch(runner, dict(zip(("PSNR", "SSIM"), scores, strict=True)))
    assert there[2:] == [
        ["best_PSNR_epoch_1.pth", "best_SSIM_epoch_1.pth"],
        ["best_PSNR_epoch_2.pth", "best_SSIM_epoch_1.pth"],
    ]
    assert [path.name for path in sorted(Path(runner.work_dir).glob("*.pth"))] == [
        "best_PSNR_epoch_2.pth",
        "best_SSIM_epoch_3.pth",
    ]


def test_a_missing_metric_is_named(runner):
    hook = BestCheckpointHook(save_best=["PSNR", "LPIPS"], joint=True, rule="greater")
    with pytest.raises(InputError, match=r"save_best='LPIPS' .* gives PSNR, SSIM"):
        validate(hook, runner, (30, 0.9))


def test_joint_needs_two_metrics():
    with pytest.raises(ValueError, match="two or more"):
        BestCheckpointHook(save_best="PSNR", joint=True)


def test_joint_knows_greater_only():
    with pytest.raises(ValueError, match="to be greater, not 'less'"):
        BestCheckpointHook(save_best=["PSNR", "SSIM"], joint=True, rule="less")


def test_validation_without_training_saves_nothing(runner):
    hook = BestCheckpointHook(save_best="PSNR", rule="greater")
    hook.after_val_epoch(runner, {"PSNR": 30})
    assert runner.saved == []
