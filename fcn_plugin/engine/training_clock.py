"""How long training has taken, less what else a process does."""

import time
from typing import Literal

import torch

Clock = Literal["wall", "processor"]
READINGS = {"wall": time.perf_counter, "processor": time.process_time}


class TrainingClock:
    """A clock that runs between `start` and `stop`, and goes on from ``spent`` seconds.

    ``"wall"`` is time as it passes. ``"processor"`` is what the CPU has given to all threads of this process,
    which is the same on a machine that has other work to do; of a GPU it knows nothing. Every reading waits
    for the GPU to be done with what it was given, where there is one.

    Raises ``ValueError`` for another kind of clock.
    """

    def __init__(self, kind: Clock = "wall", spent: float = 0.0):
        if kind not in READINGS:
            raise ValueError(f"unknown clock {kind!r}: choose wall or processor")
        self.kind = kind
        self._reading = READINGS[kind]
        self._before = spent
        self._started: float | None = None

    @property
    def spent(self) -> float:
        """Seconds that the clock has run, now if it is running."""
        return self._before if self._started is None else self._before + self._now() - self._started

    def start(self) -> None:
        self._started = self._now()

    def stop(self) -> None:
        self._before, self._started = self.spent, None

    def _now(self) -> float:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return self._reading()
