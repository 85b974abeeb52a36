"""Checkpoints that torch loads as pure data, and that fit the model they are loaded into."""

from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.model import is_model_wrapper
from mmengine.utils import apply_to
from torch import Tensor

from fcn_plugin.errors import InputError
from fcn_plugin.registry import HOOKS


@HOOKS.register_module()
class PortableCheckpointHook(Hook):
    """Saves nothing but tensors and plain values, and refuses checkpoints of another network.

    MMEngine stores its log as `HistoryBuffer` objects, which ``torch.load`` refuses since torch 2.6 because
    unpickling a class can run code; resuming then fails. Here the buffers are saved as tensors and made
    anew on loading, so nothing has to be allow-listed and no safety switched off.

    MMEngine also loads weights that do not fit with a warning only, and then evaluates a partly random
    network; here that is an `InputError`. Set ``strict=False`` to start from another network's weights.

    Weights files and other state dicts of the network alone, without the model around it, are loaded into
    the model's ``network``; its loss keeps the state it has.
    """

    def __init__(self, strict: bool = True):
        self.strict = strict

    def before_save_checkpoint(self, runner, checkpoint: dict[str, Any]) -> None:
        hub = checkpoint["message_hub"]
        hub["log_scalars"] = {
            name: {
                "values": torch.from_numpy(buffer.data[0].copy()),
                "counts": torch.from_numpy(buffer.data[1].copy()),
                "max_length": buffer.max_length,
            }
            for name, buffer in hub["log_scalars"].items()
        }
        # Timings and learning rates come as NumPy scalars, which are no plain values either.
        for part in ("meta", "message_hub", "param_schedulers"):
            if part in checkpoint:
                checkpoint[part] = apply_to(
                    checkpoint[part], lambda value: isinstance(value, np.generic), lambda value: value.item()
                )

    def after_load_checkpoint(self, runner, checkpoint: dict[str, Any]) -> None:
        hub = checkpoint.get("message_hub")
        if hub is not None:
            hub["log_scalars"] = {
                name: HistoryBuffer(
                    saved["values"].cpu().numpy(), saved["counts"].cpu().numpy(), saved["max_length"]
                )
                for name, saved in hub["log_scalars"].items()
            }
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        loaded = {
            name.removeprefix("module."): tensor
            for name, tensor in checkpoint.get("state_dict", checkpoint).items()
            if isinstance(tensor, Tensor)
        }
        expected = model.state_dict()
        if hasattr(model, "network") and not loaded.keys() & expected.keys():
            around = {name: own for name, own in expected.items() if not name.startswith("network.")}
            loaded = around | {f"network.{name}": tensor for name, tensor in loaded.items()}
            checkpoint["state_dict"] = loaded
        if self.strict:
            _check_fit(expected, loaded, runner.cfg.get("load_from") or "the checkpoint")


def _check_fit(expected_tensors: dict[str, Tensor], loaded: dict[str, Tensor], source: str) -> None:
    expected = {name: tuple(tensor.shape) for name, tensor in expected_tensors.items()}
    found = {name: tuple(tensor.shape) for name, tensor in loaded.items()}
    faults = []
    for fault, names in (
        ("missing", expected.keys() - found.keys()),
        ("unknown", found.keys() - expected.keys()),
        (
            "of another shape",
            {name for name in expected.keys() & found.keys() if expected[name] != found[name]},
        ),
    ):
        if names:
            faults.append(f"{len(names)} {fault} (such as {min(names)})")
    if faults:
        raise InputError(
            f"{source} is not of this network: of its {len(expected)} tensors, {', '.join(faults)}; "
            "use the config that the checkpoint was trained with, or, to start from what fits, "
            "default_hooks.portable_checkpoint.strict=False"
        )
