"""What a reader of the log needs to know of a run before anything else."""

from typing import Any

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from torch.utils.data import DataLoader

from fcn_plugin.registry import HOOKS


@HOOKS.register_module()
class RunFactsHook(Hook):
    """Logs the datasets, the effective batch, the pipeline, the length of the run and the seed."""

    def before_train(self, runner) -> None:
        loader = runner.train_dataloader
        steps = [_describe(step) for step in _innermost(loader.dataset).pipeline.transforms]
        accumulated = runner.cfg.get("optim_wrapper", {}).get("accumulative_counts", 1)
        batch = loader.batch_size * get_world_size() * accumulated
        runner.logger.info(
            f"training on {'; '.join(dataset_facts(loader))}; effective batch {batch} ({get_world_size()} "
            f"processes × {loader.batch_size}), {' → '.join(steps)}, {runner.max_epochs} epochs, "
            f"{runner.max_iters} iterations, seed {runner.seed}"
        )


def dataset_facts(loader: DataLoader) -> list[str]:
    """A sentence's worth on each dataset that ``loader`` reads: its name, what is known of it, its pairs."""
    datasets = getattr(loader.dataset, "datasets", [loader.dataset])
    return [
        ", ".join([f"{name}={value}" for name, value in dataset.metainfo.items()] + [f"{len(dataset)} pairs"])
        for dataset in datasets
    ]


def _describe(transform: Any) -> str:
    name = type(transform).__name__
    return f"{name} {transform.height}×{transform.width}" if hasattr(transform, "height") else name


def _innermost(dataset: Any) -> Any:
    """The dataset with the pipeline, which `RepeatDataset` and `ConcatDataset` wrap."""
    while not hasattr(dataset, "pipeline"):
        dataset = dataset.datasets[0] if hasattr(dataset, "datasets") else dataset.dataset
    return dataset
