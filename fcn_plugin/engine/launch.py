"""From a config file to a Runner: what ``tools/train.py`` and ``tools/test.py`` call."""

import contextlib
import json
import logging
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from mmengine.config import Config
from mmengine.dist import barrier, get_world_size, is_main_process
from mmengine.evaluator import BaseMetric
from mmengine.model import is_model_wrapper
from mmengine.runner import CheckpointLoader, Runner, autocast, find_latest_checkpoint

from fcn_plugin.checkpoints import check_resumable, read_checkpoint, weights_format
from fcn_plugin.errors import InputError
from fcn_plugin.evaluation import ImageMetric
from fcn_plugin.evaluation.metric_names import HIGHER, LOWER, restored_names
from fcn_plugin.evaluation.table import print_table
from fcn_plugin.files import cannot_be_written, sha256_of, write_atomically
from fcn_plugin.project import PROJECT, short_path
from fcn_plugin.safetensors_loader import load_safetensors

from .hooks.run_facts_hook import dataset_facts
from .precision import precision_of


def load_config(
    path: str, options: dict[str, Any] | None = None, work_dir: str | None = None, amp: bool = False
) -> Config:
    """Reads a config and applies the command line to it.

    ``path`` is relative to the working directory or to the checkout. ``work_dir`` defaults to the config's
    own, else to ``work_dirs/CONFIG_NAME`` in the working directory. ``amp`` trains in bfloat16, unless the
    config names another dtype for a GPU. Where there is one, batches are pinned in memory, unless a loader's
    ``pin_memory`` says otherwise.

    Raises `InputError` when there is no such file.
    """
    found = next((file for file in (Path(path), PROJECT / path) if file.is_file()), None)
    if found is None:
        raise InputError(f"{path}: no such config, neither here nor in {PROJECT}")
    config = Config.fromfile(found)
    config.merge_from_dict(options or {})
    if torch.cuda.is_available():
        for phase in ("train", "val", "test"):
            (config.get(f"{phase}_dataloader") or {}).setdefault("pin_memory", True)
    config.work_dir = work_dir or config.get("work_dir") or str(Path("work_dirs", found.stem))
    if amp:
        if torch.cuda.is_available():
            config.optim_wrapper.type = "AmpOptimWrapper"
            if config.optim_wrapper.setdefault("dtype", "bfloat16") == "bfloat16":
                # Gradients of this range need no scaling, which would skip steps that are not finite.
                config.optim_wrapper.setdefault("loss_scale", {"enabled": False})
        else:
            config.optim_wrapper.type = "CPUAmpOptimWrapper"
    return config


@contextlib.contextmanager
def distributed(config: Config) -> Iterator[None]:
    """Joins the processes that torchrun started, over NCCL, or over gloo where there is no GPU.

    Does nothing for a process that was started alone.

    Raises `InputError` when there are more processes than GPUs.
    """
    if "LOCAL_RANK" not in os.environ:
        yield
        return
    config.launcher = "pytorch"
    if torch.cuda.is_available():
        gpus, processes = torch.cuda.device_count(), int(os.environ["LOCAL_WORLD_SIZE"])
        if processes > gpus:
            raise InputError(
                f"{processes} processes were started on a machine with {gpus} GPUs: start one per GPU"
            )
    else:
        # MMEngine's own initialisation calls CUDA whatever the backend, and so does its default wrapper.
        torch.distributed.init_process_group("gloo")
        config.model_wrapper_cfg = {
            "type": "MMDistributedDataParallel",
            "broadcast_buffers": False,
            **(config.get("model_wrapper_cfg") or {}),
            "device_ids": None,
        }
    try:
        yield
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def train(config: Config, resume: str | bool = False, test_best: bool = False) -> Runner:
    """Trains, and with ``test_best`` evaluates the best checkpoint afterwards; returns what has trained.

    ``resume`` is a checkpoint, or ``True`` for the config's ``load_from`` or else the latest in the work
    folder, if there is one; the config's own ``resume`` says the same.

    Raises `InputError` for any input that cannot be used, and when another process trains in the work folder.
    """
    resume = resume or config.get("resume", False)
    if resume:
        checkpoint = (
            (config.get("load_from") or latest_checkpoint(config.work_dir)) if resume is True else resume
        )
        config.resume, config.load_from = checkpoint is not None, checkpoint
        if checkpoint is not None:
            check_resumable(checkpoint)
    elif config.get("load_from") and "://" not in config.load_from:  # MMEngine fetches addresses itself
        _check_readable(config.load_from)

    with _alone(config.work_dir), distributed(config):
        runner = _build_runner(config)
        if test_best:
            _ = runner.test_loop  # a test set that is missing is better missed now than after training
        runner.train()
        if test_best:
            found = runner.message_hub.runtime_info
            best = next((path for name, path in found.items() if name.startswith("best_ckpt")), None)
            if best is None:
                raise InputError("there is no best checkpoint to test: save_best chose none in this run")
            barrier()  # the first process may still be writing it
            # A Runner of its own: this one has been resumed, and hooks such as EMA's would go on with that.
            config.resume = False
            _test(config, best)
    return runner


def test(config: Config, checkpoint: str | None) -> None:
    """Evaluates a checkpoint or a weights file, prints the table and writes it to ``WORK_DIR/results.json``.

    Without a checkpoint it evaluates the published weights that the config gives its network
    (``model.network.weights``).

    Raises `InputError` for any input that cannot be used.
    """
    with distributed(config):
        _test(config, checkpoint)


def _test(config: Config, checkpoint: str | None) -> None:
    weights = checkpoint or config.model.get("network", {}).get("weights")
    if weights is None:
        raise InputError(f"{config.filename} names no weights to test: name a checkpoint beside it")
    _check_readable(weights)
    config.load_from = checkpoint
    runner = _build_runner(config)
    metrics = runner.test()
    if not is_main_process():
        return
    device = next(runner.model.parameters()).device
    facts = {
        "config": short_path(config.filename),
        "checkpoint": short_path(weights),
        "sha256": sha256_of(weights),
        "parameters": _parameters(runner.model),
        "device": str(device),
        "processes": get_world_size(),
        "dtype": precision_of(runner.model, autocast(enabled=getattr(runner.test_loop, "fp16", False))),
        # A model that has several ways of inference says so itself.
        "inference": getattr(_unwrapped(runner.model), "inference", "whole image"),
        "datasets": dataset_facts(runner.test_dataloader),
        "metrics": metrics,
        "better": _better(runner.test_loop.evaluator.metrics),
    }
    results = Path(runner.work_dir, "results.json")
    write_atomically(results, json.dumps(facts, indent=2) + "\n")
    print_table(metrics, _header(facts))
    folder = config.get("default_hooks", {}).get("restored_images", {}).get("folder")
    for name, path in (
        ("results", results),
        ("per image", results.with_name("per_image.csv")),
        ("pictures", Path(runner.work_dir, "comparisons", "test")),
        ("images", folder and Path(folder)),
    ):
        if path and path.exists():
            print(f"{name:12} {path}")


def _check_readable(path: str) -> None:
    """Raises `InputError` for what is no checkpoint or weights file, before MMEngine reads it."""
    if weights_format(path) != "safetensors":
        read_checkpoint(path)
    elif not path.endswith(".safetensors"):  # MMEngine goes by names, and is told of this one
        CheckpointLoader.register_scheme(re.escape(path), load_safetensors, force=True)


def _header(facts: dict[str, Any]) -> str:
    """What a table's numbers hold for."""
    processes = f", in {facts['processes']} processes" if facts["processes"] > 1 else ""
    lines = [
        f"checkpoint   {facts['checkpoint']}, sha256 {facts['sha256'][:12]}",
        f"inference    {facts['inference']}, {facts['dtype']} on {facts['device']}{processes}",
    ]
    return "\n".join([*lines, *(f"tested on    {dataset}" for dataset in facts["datasets"])])


def _better(metrics: Sequence[BaseMetric]) -> dict[str, str]:
    """For each score, without its dataset, whether ``higher`` or ``lower`` is better; for metrics of ours."""
    return {
        name: LOWER if metric.lower_is_better else HIGHER
        for metric in metrics
        if isinstance(metric, ImageMetric)
        for record in metric.records
        for name in restored_names(record["scores"])
    }


def _parameters(model: torch.nn.Module) -> int:
    """Of the network, for a model of ours; of the whole model for one of another toolbox."""
    model = _unwrapped(model)
    return sum(parameter.numel() for parameter in getattr(model, "network", model).parameters())


def _unwrapped(model: torch.nn.Module) -> torch.nn.Module:
    return model.module if is_model_wrapper(model) else model


@contextlib.contextmanager
def _alone(work_dir: str) -> Iterator[None]:
    """Keeps a second training out of a folder; of several processes of one training, the first does."""
    if os.environ.get("RANK", "0") != "0":
        yield
        return
    lock = FileLock(Path(work_dir, ".lock"), timeout=0)
    try:
        Path(work_dir).mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise InputError(
            f"{work_dir}: another process trains there; wait for it, end it, or choose another --work-dir"
        ) from error
    except OSError as error:
        raise cannot_be_written(work_dir, error) from error
    try:
        yield
    finally:
        lock.release()


def latest_checkpoint(work_dir: str | os.PathLike) -> str | None:
    """The checkpoint that training in ``work_dir`` goes on from; ``None`` if there is none.

    MMEngine notes it with the folder that the run began in. One of that name in ``work_dir`` itself is meant
    first, so folders may be moved and copied.

    Raises `InputError` for a note that is empty, as a machine that loses power leaves it behind.
    """
    noted = find_latest_checkpoint(str(work_dir)) if Path(work_dir).is_dir() else None
    if noted is None:
        return None
    if not noted:
        raise InputError(f"{Path(work_dir, 'last_checkpoint')} is empty: name the checkpoint to go on from")
    here = Path(work_dir, Path(noted).name)
    return str(here) if here.exists() else noted


def _build_runner(config: Config) -> Runner:
    runner = Runner.from_cfg(config)
    runner.logger.addFilter(_concerns_the_user)
    return runner


def _concerns_the_user(record: logging.LogRecord) -> bool:
    """Whether a warning is none of those that MMEngine gives about itself, or about what it was asked for."""
    message = record.getMessage()
    return "will be deprecated" not in message and "skipped since bypass_duplicate" not in message
