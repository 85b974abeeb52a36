"""Hooks for MMEngine's Runner."""

from .best_checkpoint_hook import BestCheckpointHook
from .budget_schedule_hook import BudgetScheduleHook
from .comparison_image_hook import ComparisonImageHook
from .epoch_seed_hook import EpochSeedHook, seed_worker
from .invalid_loss_hook import InvalidLossHook
from .per_image_scores_hook import PerImageScoresHook
from .portable_checkpoint_hook import PortableCheckpointHook
from .progress_bar_hook import ProgressBarHook
from .ratio_schedule_hook import RatioScheduleHook
from .restored_image_hook import RestoredImageHook
from .run_facts_hook import RunFactsHook

__all__ = [
    "BestCheckpointHook",
    "BudgetScheduleHook",
    "ComparisonImageHook",
    "EpochSeedHook",
    "InvalidLossHook",
    "PerImageScoresHook",
    "PortableCheckpointHook",
    "ProgressBarHook",
    "RatioScheduleHook",
    "RestoredImageHook",
    "RunFactsHook",
    "seed_worker",
]
