"""How much memory this process has held at most."""

from pathlib import Path

import torch


def peak_memory_bytes() -> int | None:
    """What the allocator of the GPU has held at most, or without one, what the process has had resident.

    The latter counts in the interpreter and its libraries. None where the system does not tell: only Linux
    does.
    """
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    return peak_resident_bytes()


def peak_resident_bytes() -> int | None:
    """What this process has had resident at most; None where the system does not tell."""
    # Not getrusage's, which counts in what the process that started this one held.
    status = Path("/proc/self/status")
    if not status.exists():  # only Linux tells
        return None
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024  # in kibibytes there
