"""Hooks, loops and launching: what this package adds to MMEngine's Runner."""

# All imported to be registered with MMEngine.
from fcn_plugin import safetensors_loader

from . import atomic_backend, cpu_amp_optim_wrapper, hooks, loops

__all__ = ["atomic_backend", "cpu_amp_optim_wrapper", "hooks", "loops", "safetensors_loader"]
