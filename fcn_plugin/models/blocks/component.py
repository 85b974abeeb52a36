"""Parts of the network that a config may keep, remove or replace."""

from typing import Any

from torch import nn

from fcn_plugin.registry import MODELS

Choice = bool | dict[str, Any]
"""``True``: the paper's module; ``False``: removed, as in the rows of Table 2; a dict: arguments of the
paper's module, or, with ``type``, another registered module of the same interface."""


def build_component(choice: Choice, paper_type: str, **arguments: Any) -> nn.Module:
    """Builds the chosen module with ``arguments``; one that is removed passes its input on."""
    if choice is False:
        return nn.Identity()
    overrides = {} if choice is True else choice
    return MODELS.build({"type": f"fcn_plugin.{paper_type}", **arguments, **overrides})
