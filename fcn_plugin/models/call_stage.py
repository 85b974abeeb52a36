"""Activation checkpointing."""

from typing import Any

from torch import nn
from torch.utils.checkpoint import checkpoint


def call_stage(module: nn.Module, *inputs: Any, checkpointing: bool) -> Any:
    """Calls ``module``; with ``checkpointing``, computes its activations anew for the backward pass.

    MMEngine's ``activation_checkpointing`` is no substitute. It makes checkpoints that need an input with a
    gradient, so modules that see nothing but the image would silently stop learning; and it replaces
    ``forward`` by one that the copy which EMA makes shares with the original.
    """
    if checkpointing and module.training:
        return checkpoint(module, *inputs, use_reentrant=False)
    return module(*inputs)
