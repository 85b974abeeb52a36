"""Tells the loss when its ratios may move, and logs them (section 3.6)."""

from typing import Any

from mmengine.hooks import Hook

from fcn_plugin.models.losses import MultiStageRatioLoss
from fcn_plugin.registry import HOOKS


@HOOKS.register_module()
class RatioScheduleHook(Hook):
    """Lets every `MultiStageRatioLoss` in the model move its ratios from its ``ratios_from_epoch`` on.

    Logs the ratios as ``ratio_0``, ``ratio_1``, … It finds the losses wherever they are in the model, so it
    serves the models of other toolboxes too, and does nothing where there is none.
    """

    def before_train(self, runner) -> None:
        self.losses = [module for module in runner.model.modules() if isinstance(module, MultiStageRatioLoss)]

    def before_train_iter(self, runner, batch_idx: int, data_batch: Any = None) -> None:
        for loss in self.losses:
            loss.ratios_move = runner.epoch >= loss.ratios_from_epoch

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        for loss in self.losses:
            for stage, ratio in enumerate(loss.ratios.tolist()):
                runner.message_hub.update_scalar(f"train/ratio_{stage}", ratio)
