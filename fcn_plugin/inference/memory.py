"""How much memory there is, and how much a network needs."""

import contextlib
import copy
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from .control_groups import free_in_groups

CPU_LIMIT = 4e9
"""Bytes that a process takes on the CPU unless told otherwise. More makes restoring hardly faster."""

LEAST = 1e9
"""Bytes that are taken in spite of `CPU_LIMIT` where a process holds much already."""

SHARE = 0.8
"""Of the memory that is free, how much is taken."""

MARGIN = 1.25
"""What a network takes beyond its tensors: convolutions keep copies in layouts of their own."""

ALLOCATION_FAILED = (
    "allocate memory",  # PyTorch on Linux and macOS, and onnxruntime
    "not enough memory",  # PyTorch on Windows
    "bad_alloc",  # the C++ in either
    "ALLOC_FAILED",  # cuBLAS and cuDNN
)
"""What errors say that mean that memory has run out, and have no class of their own."""


class _LivingTensors(TorchDispatchMode):
    """Counts the bytes of the tensors that are alive at once."""

    def __init__(self):
        super().__init__()
        self.bytes = self.peak = 0
        self._owners: dict[int, int] = {}

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self._watch(tensor)
        return result

    def _watch(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key not in self._owners:
            self.bytes += size
            self.peak = max(self.peak, self.bytes)
        self._owners[key] = self._owners.get(key, 0) + 1
        weakref.finalize(tensor, self._release, key, size)

    def _release(self, key: int, size: int) -> None:
        self._owners[key] -= 1
        if not self._owners[key]:
            del self._owners[key]
            self.bytes -= size


def bytes_per_pixel(network: nn.Module, dtype: torch.dtype) -> float:
    """The most memory that ``network`` takes for each pixel of its input, when it computes in ``dtype``.

    Found by running it without data, on PyTorch's ``meta`` device.
    """
    side = 512
    ghost = copy.deepcopy(network).to("meta", dtype)
    with torch.inference_mode(), _LivingTensors() as living:
        ghost(torch.empty(1, 3, side, side, device="meta", dtype=dtype))
    return MARGIN * living.peak / side**2


@contextlib.contextmanager
def memory_errors() -> Iterator[None]:
    """Turns what PyTorch raises when memory has run out into a ``MemoryError``, as NumPy has it."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or has_run_out(error):
            raise MemoryError(str(error)) from error
        raise


def has_run_out(error: Exception) -> bool:
    """Whether an error of PyTorch or onnxruntime is about memory."""
    return any(words in str(error) for words in ALLOCATION_FAILED)


def held_memory(device: torch.device) -> float:
    """Bytes that this process holds: all that it does on the CPU, and in tensors on a GPU."""
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else _resident_memory()


def spare_memory(device: torch.device, max_gigabytes: float | None) -> float:
    """Bytes that may be taken on ``device``: of what is free, as far as the limit allows.

    ``max_gigabytes`` limits all that this process takes on the CPU (`CPU_LIMIT` for ``None``), and on a GPU
    what it takes there.
    """
    taken = held_memory(device)
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
        # What PyTorch keeps for later counts as taken there.
        free += torch.cuda.memory_reserved(device) - taken
        limit = float("inf") if max_gigabytes is None else max_gigabytes * 1e9 - taken
    else:
        free = min(_free_memory(), free_in_groups())
        limit = max(CPU_LIMIT - taken, LEAST) if max_gigabytes is None else max_gigabytes * 1e9 - taken
    return min(limit, SHARE * free)


def _free_memory() -> float:
    """Bytes that this computer can give without swapping; half of its memory where no one tells."""
    information = Path("/proc/meminfo")
    if information.exists():
        (line,) = (line for line in information.read_text().splitlines() if line.startswith("MemAvailable"))
        return int(line.split()[1]) * 1024
    if hasattr(os, "sysconf"):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2
    return CPU_LIMIT


def _resident_memory() -> float:
    """Bytes of memory that this process holds; about what PyTorch takes where no one tells."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if pages.exists() else 0.5e9
