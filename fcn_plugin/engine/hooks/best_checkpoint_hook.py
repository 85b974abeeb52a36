"""Keeps the best checkpoint by one metric, or by several at once (section 4.2)."""

import os
from collections.abc import Collection, Sequence
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, ValLoop

from fcn_plugin.engine.loops import TimeBudgetTrainLoop
from fcn_plugin.errors import InputError
from fcn_plugin.evaluation import ImageMetric
from fcn_plugin.registry import HOOKS

from .run_facts_hook import concatenated

VALIDATED = "validated_at_iteration"
"""Where the message hub keeps which validation was the last."""


@HOOKS.register_module()
class BestCheckpointHook(CheckpointHook):
    """`CheckpointHook` that can ask several metrics to beat their records *together*.

    With ``joint``, a checkpoint is the best only when every metric of ``save_best`` is greater than at the
    last best checkpoint: the paper asks this of PSNR and SSIM. Otherwise `CheckpointHook`'s rules hold; where
    ``rule`` is not given, our metrics say themselves whether greater or less is better.

    Checkpoints are written whole or not at all, unless ``backend_args`` names another backend, and the last
    best one goes only when its successor is there. Nothing is removed from a folder but the run's own, for a
    run may go on from another's checkpoint.

    The records are kept in the message hub, so they are saved and resumed. So is which validation was the
    last: one that was stopped is made up for when training is resumed.

    Raises `InputError` before training where our metrics do not yield one of ``save_best``, after a
    validation where others do not, and for ``joint`` with fewer than two metrics or with another rule than
    "greater".
    """

    def __init__(
        self,
        *args: Any,
        save_best: str | Sequence[str] | None = None,
        joint: bool = False,
        rule: str | list[str] | None = None,
        backend_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ):
        names = [save_best] if isinstance(save_best, str) else list(save_best or [])
        if joint and len(names) < 2:
            raise InputError("`joint` needs two or more metrics in `save_best`")
        if joint and rule not in (None, "greater"):
            raise InputError(f"`joint` asks every metric to be greater, not {rule!r}")
        self.lower_is_better: dict[str, bool] = {}  # by the scores' names, where the metrics are ours
        # Of jointly judged metrics, the first names the file and is all that MMEngine's logic sees.
        self.companions = names[1:] if joint else []
        self.rule_is_given = joint or rule is not None
        super().__init__(
            *args,
            save_best=(names[:1] if joint else names) or None,
            rule=rule or "greater",
            backend_args=backend_args or {"backend": "atomic"},
            **kwargs,
        )

    def before_train(self, runner) -> None:
        if self.save_best:
            self.lower_is_better = _expected_scores(runner)
            if self.lower_is_better:
                self._check_names(self.lower_is_better)
            self._choose_rules()
        super().before_train(runner)
        if self.save_best:
            self._find_best_in_own_folder(runner)
        last = self._own_path(self.filename_tmpl.format(self._step(runner)))
        if self.file_backend.exists(last):
            self.last_ckpt = last
        if _validation_is_missing(runner):
            runner.logger.info("the validation of this checkpoint was stopped, and is made up for")
            runner.val_loop.run()

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        if self.out_dir is None:  # Runner.val() alone: nothing is being trained.
            return
        runner.message_hub.update_info(VALIDATED, runner.iter)
        best = self._best if self.save_best else None
        super().after_val_epoch(runner, metrics)
        step = self._step(runner)
        is_new = self.save_best and self._best != best  # MMEngine has saved it then
        if not is_new and self.last_ckpt == self._own_path(self.filename_tmpl.format(step)):
            self._save_checkpoint_with_step(runner, step, {"epoch": runner.epoch, "iter": runner.iter})

    def _save_best_checkpoint(self, runner, metrics: dict[str, float]) -> None:
        if not self.save_best:
            return
        if self.save_best == ["auto"]:
            self.save_best = [next(iter(metrics))]
            self._choose_rules()
        self._check_names(metrics)
        if self.companions:
            hub = runner.message_hub
            scores = {f"best_score_{name}": metrics[name] for name in self.companions}
            # MMEngine's own logic keeps the first metric's record, under this name.
            rivals = {"best_score": metrics[self.save_best[0]], **scores}
            records = hub.runtime_info
            if not all(score > records.get(record, float("-inf")) for record, score in rivals.items()):
                return
            hub.update_info_dict(scores)
        # MMEngine removes the files named here before it writes the new ones; unnamed, they stay till after.
        last = self._best
        self._best = dict.fromkeys(last)
        super()._save_best_checkpoint(runner, metrics)
        new = self._best
        self._best = {name: path or last.get(name) for name, path in new.items()}
        for path in {path for name, path in last.items() if path and new[name] not in (None, path)}:
            if is_main_process() and os.path.isfile(path):
                os.remove(path)

    @property
    def _best(self) -> dict[str, str | None]:
        """The best checkpoint's path by each metric, as MMEngine keeps it."""
        if len(self.key_indicators) == 1:
            return {self.key_indicators[0]: self.best_ckpt_path}
        return dict(self.best_ckpt_path_dict)

    @_best.setter
    def _best(self, paths: dict[str, str | None]) -> None:
        if len(self.key_indicators) == 1:
            (self.best_ckpt_path,) = paths.values()
        else:
            self.best_ckpt_path_dict = paths

    def _choose_rules(self) -> None:
        """Sets the rules that are not given; those of others' metrics are for MMEngine to guess."""
        if not self.rule_is_given:
            rules = {True: "less", False: "greater", None: None}
            self._init_rule(
                [rules[self.lower_is_better.get(name)] for name in self.save_best], self.save_best
            )

    def _check_names(self, found: Collection[str]) -> None:
        for name in [*self.save_best, *self.companions]:
            if name not in found and name != "auto":
                with_dataset = [score for score in found if "/" in score]
                raise InputError(
                    f"save_best={name!r} of the checkpoint hook is no metric of the validation, which "
                    f"gives {', '.join(sorted(with_dataset or found))}"
                )

    def _find_best_in_own_folder(self, runner) -> None:
        """Takes the best checkpoint for its namesake here: the folder may have been moved or copied."""
        found = {}
        for name, path in self._best.items():
            here = path and self._own_path(os.path.basename(path))
            found[name] = here if here and self.file_backend.exists(here) else None
            if found[name]:
                record = "best_ckpt" if len(self.key_indicators) == 1 else f"best_ckpt_{name}"
                runner.message_hub.update_info(record, here)
        self._best = found

    def _own_path(self, filename: str) -> str:
        return self.file_backend.join_path(self.out_dir, filename)

    def _step(self, runner) -> int:
        return runner.epoch if self.by_epoch else runner.iter


def _expected_scores(runner) -> dict[str, bool]:
    """The scores of a validation, each with and without its dataset, and whether lower ones are better.

    Nothing where a metric is not ours, or the loop is of another toolbox, and so does not tell.
    """
    loop = runner.val_loop
    metrics = loop.evaluator.metrics if isinstance(loop, ValLoop) else [None]
    if not all(isinstance(metric, ImageMetric) for metric in metrics):
        return {}
    datasets = concatenated(loop.dataloader.dataset)
    names = [getattr(dataset, "metainfo", {}).get("dataset") for dataset in datasets]
    return {
        f"{prefix}{score}": metric.lower_is_better
        for metric in metrics
        for score in metric.score_names()
        for prefix in ("", *(f"{name}/" for name in names if name))
    }


def _validation_is_missing(runner) -> bool:
    """Whether training goes on from a checkpoint after which a validation was due, and was not done."""
    loop = runner.train_loop
    if runner.val_loop is None or not runner.iter or isinstance(loop, TimeBudgetTrainLoop):
        return False
    if isinstance(loop, EpochBasedTrainLoop):
        done, end = loop.epoch, loop.max_epochs
    elif isinstance(loop, IterBasedTrainLoop):
        done, end = loop.iter, loop.max_iters
    else:
        return False
    is_due = done >= loop.val_begin and (done % loop.val_interval == 0 or done == end)
    return is_due and runner.message_hub.runtime_info.get(VALIDATED) != runner.iter
