"""How far a batch of files is."""

import time
from collections.abc import Sequence
from datetime import timedelta

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

SETTLED = 5
"""Per cent of all pixels. Before, the time that is left is not told: the first file may be tiny, and takes
longer than others of its size."""


class _TimeLeft(TimeRemainingColumn):
    def render(self, task: Task) -> Text:
        unknown = Text("-:--:--", style="progress.remaining")
        return super().render(task) if task.percentage >= SETTLED else unknown


class BatchProgress:
    """A bar with the time that is left, on a terminal; elsewhere a line for each file.

    Both go to standard error. Use it as a context.

    Args:
        pixels: Of each file, which tell how long it takes.
    """

    def __init__(self, pixels: Sequence[int]) -> None:
        self._console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("ETA"),
            _TimeLeft(),
            console=self._console,
            disable=not self._console.is_terminal,
            speed_estimate_period=float("inf"),  # a file can take longer than the time rich looks back
        )
        self._pixels = pixels
        self._bar = self._progress.add_task("", total=sum(pixels))
        self._number = 0

    def __enter__(self) -> "BatchProgress":
        self._progress.start()
        self._progress.advance(self._bar, 1e-9)  # speed is measured from the first step on
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, name: str) -> None:
        """A file is begun."""
        self._begun, self._done = time.monotonic(), 0
        self._name = f"{_printable(name)} ({self._number + 1}/{len(self._pixels)})"
        self._progress.update(self._bar, description=self._name)

    def advance(self, pixels: int) -> None:
        """Part of the file is done."""
        # A video can turn out longer than its file says.
        pixels = min(pixels, self._pixels[self._number] - self._done)
        self._done += pixels
        self._progress.advance(self._bar, pixels)

    def end(self, what: str) -> None:
        """The file is finished, or has failed."""
        self.advance(self._pixels[self._number])
        self._number += 1
        if not self._console.is_terminal:
            seconds = time.monotonic() - self._begun
            bar = self._progress.tasks[0]
            known = bar.time_remaining is not None and bar.percentage >= SETTLED
            left = f", ETA {timedelta(seconds=bar.time_remaining)}" if known else ""
            self.say(f"{self._name}: {what} in {seconds:.1f} s{left}")

    def say(self, sentence: str) -> None:
        """Prints a line, above the bar."""
        self._console.print(_printable(sentence))


def _printable(text: str) -> str:
    """One line, whatever names of files are in it: line breaks and control characters become escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
