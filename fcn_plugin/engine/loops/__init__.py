"""Loops for MMEngine's Runner."""

from .time_budget_train_loop import TimeBudgetTrainLoop

__all__ = ["TimeBudgetTrainLoop"]
