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
    pipelines = " and ".join(dict.fromkeys(map(_describe_pipeline, _concatenated(loader.dataset))))
    accumulated = runner.cfg.get("optim_wrapper", {}).get("accumulative_counts", 1)
    batch = loader.batch_size * get_world_size() * accumulated
    loop = runner.train_loop
    if isinstance(loop, TimeBudgetTrainLoop):
        length = f"{loop.seconds:g} s of {loop.clock.kind} time"
    else:
        length = f"{runner.max_epochs} epochs, {runner.max_iters} iterations"
    return (
        f"{'; '.join(dataset_facts(loader))}; effective batch {batch} ({get_world_size()} processes × "
        f"{loader.batch_size}), {pipelines}, {length}, seed {runner.seed}"
    )


def dataset_facts(loader: DataLoader) -> list[str]:
    """A sentence's worth on each dataset that ``loader`` reads: its name, what is known of it, its pairs.

    The kind of blur is among it, be it that nobody says.
    """
    return [
        ", ".join([*(f"{name}={value}" for name, value in _facts(dataset).items()), f"{len(dataset)} pairs"])
        for dataset in _concatenated(loader.dataset)
    ]


def _facts(dataset: Any) -> dict[str, Any]:
    return {**dataset.metainfo, "blur": dataset.metainfo.get("blur", NOT_STATED)}


def _concatenated(dataset: Any) -> Sequence[Any]:
    """The datasets that `ConcatDataset` puts after each other, or the only one."""
    return getattr(dataset, "datasets", [dataset])


def _describe_pipeline(dataset: Any) -> str:
    return " → ".join(_describe(step) for step in _innermost(dataset).pipeline.transforms)


def _describe(transform: Any) -> str:
    name = type(transform).__name__
    return f"{name} {transform.height}×{transform.width}" if hasattr(transform, "height") else name


def _innermost(dataset: Any) -> Any:
    """The dataset with the pipeline, which `RepeatDataset` and `ConcatDataset` wrap."""
    while not hasattr(dataset, "pipeline"):
        dataset = dataset.datasets[0] if hasattr(dataset, "datasets") else dataset.dataset
    return dataset
