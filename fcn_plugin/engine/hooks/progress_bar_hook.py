"""A progress bar with the time that is left."""

import atexit
import logging
import sys
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from fcn_plugin.registry import HOOKS


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """Shows how far training, validation and testing are, on a terminal and on the first rank only.

    Log lines appear above the bar. Where the output is no terminal, MMEngine's log lines tell the ETA.
    """

    def __init__(self) -> None:
        self.progress: Progress | None = None
        self.bars: dict[str, TaskID] = {}

    def before_run(self, runner) -> None:
        console = Console()
        if not (is_main_process() and console.is_terminal):
            return
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
        )
        self.progress.start()
        # An error ends the run without after_run; the bar hides the cursor until it is stopped.
        atexit.register(self.progress.stop)
        # The bar captures sys.stdout; MMEngine's logger holds on to the stream that was there before.
        self._send_log_to(runner.logger, sys.stdout)

    def after_run(self, runner) -> None:
        if self.progress is not None:
            self.progress.stop()
            self.progress = None
            self.bars.clear()
            self._send_log_to(runner.logger, sys.stdout)

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        self._show("training", runner.iter + 1, runner.max_iters, f"loss {outputs['loss'].item():.4f}")

    def after_val_iter(self, runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self._show("validation", batch_idx + 1, len(runner.val_dataloader))

    def after_test_iter(self, runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self._show("test", batch_idx + 1, len(runner.test_dataloader))

    def _show(self, name: str, done: int, total: int, note: str = "") -> None:
        if self.progress is None:
            return
        if name not in self.bars:
            self.bars[name] = self.progress.add_task(name, total=total, note="")
        elif done == 1:
            self.progress.reset(self.bars[name])
        self.progress.update(self.bars[name], completed=done, total=total, note=note)

    @staticmethod
    def _send_log_to(logger: logging.Logger, stream: Any) -> None:
        for handler in logger.handlers:
            if type(handler) is logging.StreamHandler:
                handler.setStream(stream)
