"""Tells the loss when its ratios may move, and logs them (section 3.6)."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop

from fcn_plugin.errors import InputError
from fcn_plugin.models.losses import MultiStageRatioLoss
from fcn_plugin.registry import HOOKS


@HOOKS.register_module()
class RatioScheduleHook(Hook):
    """Lets every `MultiStageRatioLoss` in the model move its ratios from its ``ratios_from_epoch`` on.

    Logs the ratios as ``ratio_0``, ``ratio_1``, … It finds the losses wherever they are in the model, so it
    serves the models of other toolboxes too, and does nothing where there is none.

    Raises `InputError` for ``ratios_from_epoch`` in a loop of iterations, which counts no epochs.
    """

    def before_train(self, runner) -> None:
        self.losses = [module for module in runner.model.modules() if isinstance(module, MultiStageRatioLoss)]
        waiting = any(loss.ratios_from_epoch for loss in self.losses)
        if waiting and not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise InputError(
                f"the loss's ratios_from_epoch counts epochs, but {type(runner.train_loop).__name__} counts "
                "iterations: leave it at 0, or train by epochs"
            )

    def before_train_iter(self, runner, batch_idx: int, data_batch: Any = None) -> None:
        for loss in self.losses:
            loss.ratios_move = runner.epoch >= loss.ratios_from_epoch

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        for loss in self.losses:
            for stage, ratio in enumerate(loss.ratios.tolist()):
                runner.message_hub.update_scalar(f"train/ratio_{stage}", ratio)
