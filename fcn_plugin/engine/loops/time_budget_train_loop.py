"""Training that ends when its time is spent."""

from math import ceil
from typing import Any

import torch
from mmengine.dist import broadcast, get_world_size
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from fcn_plugin.engine.peak_memory import peak_memory_bytes
from fcn_plugin.engine.training_clock import Clock, TrainingClock
from fcn_plugin.errors import InputError
from fcn_plugin.registry import LOOPS


@LOOPS.register_module()
class TimeBudgetTrainLoop(EpochBasedTrainLoop):
    """Trains for ``seconds`` and validates ``validations`` times, after equal shares of them.

    The clock counts all that an iteration takes, its data included. It stands still for validations and for
    what hooks do between epochs, such as saving checkpoints. Training ends with the first iteration that
    reaches the budget, and a validation follows the first iteration that reaches its time: the seconds noted
    are those of the clock. Of several processes, the first one's clock counts.

    Epochs are as ever: a run that is resumed goes on from the end of one, with the time it had spent by then.
    How long training is in iterations and epochs is an estimate until it ends (``max_iters``,
    ``max_epochs``). `BudgetScheduleHook` has the learning rate follow ``share``.

    ``record`` is saved and resumed: the ``seconds`` spent, the ``images`` seen, ``peak_memory_bytes`` before
    the first validation, and the ``curve``, which has for each validation the ``seconds``, ``iterations`` and
    ``images`` until then and its metrics.

    Raises `InputError` for a processor's clock where it would not see the work (on a GPU, with workers that
    load data, with several processes), for too few images for one batch, and for a budget that is not
    positive.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict[str, Any],
        seconds: float,
        validations: int = 10,
        clock: Clock = "wall",
    ):
        if seconds <= 0 or validations < 1:
            raise InputError(f"{seconds} seconds and {validations} validations are no budget")
        super().__init__(runner, dataloader, max_epochs=1)
        self.seconds = seconds
        self.validations = validations
        self.clock = TrainingClock(clock)
        self.record: dict[str, Any] = {"seconds": 0.0, "images": 0, "peak_memory_bytes": None, "curve": []}
        if not len(self.dataloader):
            raise InputError("there are fewer images to train on than one batch takes: lower its batch_size")
        if clock == "processor":
            self._check_that_the_processor_does_the_work()

    @property
    def share(self) -> float:
        """Of the budget, how much is spent: 0 to 1."""
        return min(self.record["seconds"] / self.seconds, 1.0)

    @property
    def max_iters(self) -> int:
        """Iterations that the whole budget gives, judged by those done so far; before any, an epoch's."""
        return ceil(self.iter / self.share) if self.share else len(self.dataloader)

    @property
    def max_epochs(self) -> int:
        """Epochs begun in `max_iters`."""
        return ceil(self.max_iters / len(self.dataloader))

    def run(self) -> torch.nn.Module:
        hub = self.runner.message_hub
        if self.iter:
            self.record = hub.get_info("time_budget")
        hub.update_info("time_budget", self.record)
        self.clock = TrainingClock(self.clock.kind, self.record["seconds"])

        self.runner.call_hook("before_train")
        while self.share < 1 and not self.stop_training:
            self.run_epoch()
        self.runner.call_hook("after_train")
        return self.runner.model

    def run_epoch(self) -> None:
        self.runner.call_hook("before_train_epoch")
        self.runner.model.train()
        self.clock.start()
        for index, batch in enumerate(self.dataloader):
            self.run_iter(index, batch)
            self.record["images"] += len(batch["inputs"]) * get_world_size()
            before = self.share
            self.record["seconds"] = self._agreed_seconds()
            if int(self.share * self.validations) > int(before * self.validations):
                self.clock.stop()
                self._validate()
                self.clock.start()
            if self.share == 1:
                break
        self.clock.stop()
        self.runner.call_hook("after_train_epoch")
        self._epoch += 1

    def _agreed_seconds(self) -> float:
        seconds = torch.tensor(self.clock.spent, dtype=torch.float64)
        broadcast(seconds)
        return seconds.item()

    def _validate(self) -> None:
        if not self.record["curve"]:
            self.record["peak_memory_bytes"] = peak_memory_bytes()
        # A loader draws a seed: later crops are not to depend on how often there was a validation.
        with torch.random.fork_rng(devices=[]):
            metrics = self.runner.val_loop.run()
        point = {name: self.record[name] for name in ("seconds", "images")}
        self.record["curve"].append({**point, "iterations": self.iter, **metrics})
        self.runner.model.train()

    def _check_that_the_processor_does_the_work(self) -> None:
        for hidden, where in (
            (torch.cuda.is_available(), "a GPU does the work here"),
            (get_world_size() > 1, "there are several processes"),
            (self.dataloader.num_workers > 0, "workers load the data (train_dataloader.num_workers)"),
        ):
            if hidden:
                raise InputError(f"the processor's clock sees one process alone, and {where}: use clock=wall")
