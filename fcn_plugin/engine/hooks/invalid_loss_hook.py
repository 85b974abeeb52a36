"""Stops training as soon as the loss is not a number."""

import math
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook

from fcn_plugin.errors import InputError
from fcn_plugin.registry import HOOKS


@HOOKS.register_module()
class InvalidLossHook(Hook):
    """Stops at the first loss that is NaN or infinite and names the iteration and its samples.

    MMEngine's `CheckInvalidLossHook` looks every 50 iterations and does not say which samples. Looking
    at each one costs nothing here, because MMEngine reads every loss to log it. Weights that are not
    finite are not saved either, so what is on disk stays fit to resume from.
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
        _stop(
            runner,
            f"the loss is {loss} at iteration {runner.iter + 1} of epoch {runner.epoch + 1}, on the samples "
            f"{keys}; look at these images, or ",
        )

    def before_save_checkpoint(self, runner, checkpoint: dict[str, Any]) -> None:
        for name, tensor in checkpoint["state_dict"].items():
            if not torch.isfinite(tensor).all():
                _stop(runner, f"the weights {name} are NaN or infinite after {runner.iter} iterations; ")


def _stop(runner, what: str) -> None:
    # MMEngine writes this file when a checkpoint is on disk.
    last = Path(runner.work_dir, "last_checkpoint")
    place = last.read_text() if last.exists() else "the start, for there is no checkpoint yet"
    raise InputError(
        f"{what}lower the learning rate or clip gradients (optim_wrapper.clip_grad.max_norm), and resume "
        f"from {place}"
    )
