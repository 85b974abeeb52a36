"""Safetensors files wherever MMEngine loads checkpoints: ``load_from``, ``init_cfg`` and the like."""

from typing import Any

from mmengine.runner import CheckpointLoader

from fcn_plugin.tensor_file import read_tensors


@CheckpointLoader.register_scheme(prefixes=r".*\.safetensors$")
def load_safetensors(filename: str, map_location: Any = None) -> dict[str, Any]:
    """A safetensors file as MMEngine wants a checkpoint, ``{"state_dict": tensors}``.

    The tensors stay on the CPU, whatever ``map_location`` is: they are copied from there into the model.

    Raises `InputError` for a file that is missing, damaged, or holds anything but finite floating-point
    numbers.
    """
    tensors, _ = read_tensors(filename)
    return {"state_dict": tensors}
