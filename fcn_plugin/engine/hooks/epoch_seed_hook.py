"""Random numbers that depend on seed, epoch and rank alone, so that a resumed run is the run not stopped."""

import random

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from torch.utils.data import get_worker_info

from fcn_plugin.registry import FUNCTIONS, HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seeds Python, NumPy and torch anew before each training epoch from (seed, epoch, rank).

    Together with `seed_worker` this makes augmentation different in every epoch, worker and rank, and
    the same again after resuming at the end of any epoch.
    """

    priority = "VERY_HIGH"

    def before_train_epoch(self, runner) -> None:
        sequence = np.random.SeedSequence([runner.seed, runner.epoch, get_rank()])
        _seed_everything(int(sequence.generate_state(1, np.uint32)[0]))


@FUNCTIONS.register_module()
def seed_worker(worker_id: int) -> None:
    """Seeds a data-loading worker; use as ``worker_init_fn=dict(type='fcn_plugin.seed_worker')``.

    MMEngine's own seeds a worker from its number alone: workers that start anew with each epoch (the
    default) then crop and flip in every epoch as in the first. Torch gives each worker a seed drawn from
    the main process's generator, which `EpochSeedHook` makes a function of the epoch.
    """
    _seed_everything(get_worker_info().seed % 2**32)


def _seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  MMCV's transforms draw from NumPy's global generator
    torch.manual_seed(seed)
