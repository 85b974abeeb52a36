"""Schedules over a budget of time instead of a number of epochs."""

from typing import Any

from mmengine.hooks import ParamSchedulerHook

from fcn_plugin.registry import HOOKS


@HOOKS.register_module()
class BudgetScheduleHook(ParamSchedulerHook):
    """Stands in for `ParamSchedulerHook`: a schedule's step is 1/``steps`` of `TimeBudgetTrainLoop`'s budget.

    So MMEngine's schedulers serve as they are, with ``by_epoch=False`` and ``begin``, ``end`` and ``T_max``
    in those steps. Schedulers take the steps that are due before every iteration and at the end of every
    epoch, so that what is saved there is what a resumed run takes for granted.
    """

    def __init__(self, steps: int = 1000):
        self.steps = steps
        self.taken = 0

    def before_train(self, runner) -> None:
        self.taken = self._due(runner)  # by the schedulers of a run that is resumed

    def before_train_iter(self, runner, batch_idx: int, data_batch: Any = None) -> None:
        self._catch_up(runner)

    def after_train_iter(self, runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """An iteration is no step here."""

    def after_train_epoch(self, runner) -> None:
        self._catch_up(runner)

    def _catch_up(self, runner) -> None:
        while self.taken < self._due(runner):
            super().after_train_iter(runner, batch_idx=0)
            self.taken += 1

    def _due(self, runner) -> int:
        return int(self.steps * runner.train_loop.share)
