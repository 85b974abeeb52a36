"""Stops training as soon as the loss is not a number."""

import math
from typing import Any

from mmengine.hooks import Hook

from fcn_plugin.errors import InputError
from fcn_plugin.registry import HOOKS


@HOOKS.register_module()
class InvalidLossHook(Hook):
    """Stops at the first loss that is NaN or infinite and names the iteration and its samples.

    MMEngine's `CheckInvalidLossHook` looks every 50 iterations and does not say which samples. Looking
    at each one costs nothing here, because MMEngine reads every loss to log it. The checkpoints on disk
    stay as they are: the spoilt weights are never saved.
    """

    priority = "VERY_HIGH"

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        loss = outputs["loss"].item()
        if math.isfinite(loss):
            return
        samples = data_batch.get("data_samples") or []
        keys = ", ".join(str(sample.get("key", "without a key")) for sample in samples)
        last = runner.message_hub.runtime_info.get("last_ckpt")
        raise InputError(
            f"the loss is {loss} at iteration {runner.iter + 1} of epoch {runner.epoch + 1}, on the samples "
            f"{keys}; look at these images, or lower the learning rate or clip gradients "
            "(optim_wrapper.clip_grad.max_norm), and resume from "
            f"{last or 'the start, for there is no checkpoint yet'}"
        )
