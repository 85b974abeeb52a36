"""What numbers a model computes with."""

from contextlib import AbstractContextManager

import torch


def precision_of(model: torch.nn.Module, context: AbstractContextManager) -> str:
    """The dtype that a model computes in within ``context``, which may switch on autocast, in words."""
    device = next(model.parameters()).device.type
    with context:
        if torch.is_autocast_enabled(device):
            return f"{torch.get_autocast_dtype(device)} autocast".removeprefix("torch.")
    tf32 = device == "cuda" and torch.backends.cudnn.allow_tf32
    return "float32 with TF32 convolutions" if tf32 else "float32"
