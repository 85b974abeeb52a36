"""What a reader of the log needs to know of a run before anything else."""

from collections.abc import Sequence
from typing import Any

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from torch.utils.data import DataLoader

from fcn_plugin.engine.loops import TimeBudgetTrainLoop
from fcn_plugin.registry import HOOKS

NOT_STATED = "not stated"


@HOOKS.register_module()
class RunFactsHook(Hook):
    """Logs the datasets, the effective batch, the pipeline, the length of the run and the seed."""

    def before_train(self, runner) -> None:
        runner.logger.info(f"training on {training_facts(runner)}")


def training_facts(runner) -> str:
    """What a Runner trains on and for how long, in one line."""
    loader = runner.train_dataloader
    # Mixed datasets may have the same pipeline.
    pipelines = " and ".join(dict.fromkeys(map(_describe_pipeline, concatenated(loader.dataset))))
    loop = runner.train_loop
    if isinstance(loop, TimeBudgetTrainLoop):
        length = f"{loop.seconds:g} s of {loop.clock.kind} time"
    else:
        length = f"{runner.max_epochs} epochs, {runner.max_iters} iterations"
    return (
        f"{'; '.join(dataset_facts(loader))}; effective batch {_effective_batch(runner)}, {pipelines}, "
        f"{length}, seed {runner.seed}"
    )


def _effective_batch(runner) -> str:
    loader = runner.train_dataloader
    # A sampler of batches may have a size of its own, or none.
    batch = loader.batch_size or getattr(loader.batch_sampler, "batch_size", None)
    if batch is None:
        return NOT_STATED
    accumulated = runner.cfg.get("optim_wrapper", {}).get("accumulative_counts", 1)
    times = f" × {accumulated} accumulated" if accumulated > 1 else ""
    return f"{batch * get_world_size() * accumulated} ({get_world_size()} processes × {batch}{times})"


def dataset_facts(loader: DataLoader) -> list[str]:
    """A sentence's worth on each dataset that ``loader`` reads: its name, what is known of it, its pairs.

    The kind of blur is among it, be it that nobody says. Datasets that tell nothing go by their class.
    """
    return [
        ", ".join([*(f"{name}={value}" for name, value in _facts(dataset).items()), f"{len(dataset)} pairs"])
        for dataset in concatenated(loader.dataset)
    ]


def concatenated(dataset: Any) -> Sequence[Any]:
    """The datasets that `ConcatDataset` puts after each other, or the only one."""
    return getattr(dataset, "datasets", [dataset])


def _facts(dataset: Any) -> dict[str, Any]:
    told = getattr(dataset, "metainfo", {"dataset": type(dataset).__name__})
    return {**told, "blur": told.get("blur", NOT_STATED)}


def _describe_pipeline(dataset: Any) -> str:
    steps = getattr(getattr(_innermost(dataset), "pipeline", None), "transforms", None)
    return f"pipeline {NOT_STATED}" if steps is None else " → ".join(map(_describe, steps))


def _describe(transform: Any) -> str:
    name = type(transform).__name__
    return f"{name} {transform.height}×{transform.width}" if hasattr(transform, "height") else name


def _innermost(dataset: Any) -> Any:
    """The dataset with the pipeline, which `RepeatDataset` and `ConcatDataset` wrap, if there is one."""
    while not hasattr(dataset, "pipeline") and (hasattr(dataset, "datasets") or hasattr(dataset, "dataset")):
        dataset = dataset.datasets[0] if hasattr(dataset, "datasets") else dataset.dataset
    return dataset
