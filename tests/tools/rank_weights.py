"""A hook for the test of distributed training: every rank saves the weights it ends with."""

from pathlib import Path

import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class RankWeightsHook(Hook):
    def after_train(self, runner) -> None:
        torch.save(runner.model.module.state_dict(), Path(runner.work_dir, f"rank_{get_rank()}.pth"))
