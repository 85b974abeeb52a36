"""Hooks, loops and launching: what this package adds to MMEngine's Runner."""

from . import atomic_backend, cpu_amp_optim_wrapper, hooks, loops  # imported to be registered with MMEngine

__all__ = ["atomic_backend", "cpu_amp_optim_wrapper", "hooks", "loops"]
