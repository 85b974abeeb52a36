"""MMEngine's own schedulers on an optimizer, stepped by a share of time that the tests set."""

import math
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.registry import PARAM_SCHEDULERS

from fcn_plugin.benchmark.training.comparison import SCHEDULE
from fcn_plugin.engine.hooks import BudgetScheduleHook

LEARNING_RATE = 0.1


@pytest.fixture
def runner():
    """Just what the hook asks of a Runner, with the schedule that comparisons have."""
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = OptimWrapper(torch.optim.SGD([weight], lr=LEARNING_RATE))
    return SimpleNamespace(
        optim_wrapper=optimizer,
        param_schedulers=[
            PARAM_SCHEDULERS.build(settings, default_args={"optimizer": optimizer})
            for settings in Config.fromfile(SCHEDULE).param_scheduler
        ],
        train_loop=SimpleNamespace(share=0.0),
    )


def rates_at(hook: BudgetScheduleHook, runner, shares: list[float]) -> list[float]:
    """The learning rate of an iteration that begins at each share of the budget."""
    found = []
    for share in shares:
        runner.train_loop.share = share
        hook.before_train_iter(runner, 0)
        found.append(runner.optim_wrapper.get_lr()["lr"][0])
        runner.optim_wrapper.optimizer.step()
        hook.after_train_iter(runner, 0)
    return found


def expected(share: float) -> float:
    """A warming up over 30 thousandths, then half a cosine."""
    step = int(1000 * share)
    if step < 30:
        return LEARNING_RATE * (0.03 + 0.97 * step / 29)
    lowest = 0.01 * LEARNING_RATE
    return lowest + (LEARNING_RATE - lowest) * (1 + math.cos(math.pi * (step - 30) / 970)) / 2


@pytest.mark.parametrize("iterations", [7, 100, 3000])
def test_the_rate_is_that_of_the_time_however_many_iterations_it_takes(iterations, runner):
    hook = BudgetScheduleHook()
    hook.before_train(runner)
    shares = [iteration / iterations for iteration in range(iterations)]
    assert rates_at(hook, runner, shares) == pytest.approx(list(map(expected, shares)), rel=0.01)


def test_epochs_are_no_steps_but_what_is_due_at_their_end_is_taken(runner):
    """So that a resumed run, which knows its share of the budget alone, goes on where this one was."""
    hook = BudgetScheduleHook()
    hook.before_train(runner)
    rates_at(hook, runner, [0.0, 0.1])
    runner.train_loop.share = 0.4
    hook.after_train_epoch(runner)
    assert runner.optim_wrapper.get_lr()["lr"][0] == pytest.approx(expected(0.4), rel=0.01)

    resumed = BudgetScheduleHook()
    resumed.before_train(runner)
    assert rates_at(resumed, runner, [0.4, 0.7]) == pytest.approx([expected(0.4), expected(0.7)], rel=0.01)
