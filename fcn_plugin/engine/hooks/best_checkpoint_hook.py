"""Keeps the best checkpoint by one metric, or by several at once (section 4.2)."""

import os
from collections.abc import Sequence
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook

from fcn_plugin.errors import InputError
from fcn_plugin.registry import HOOKS


@HOOKS.register_module()
class BestCheckpointHook(CheckpointHook):
    """`CheckpointHook` that can ask several metrics to beat their records *together*.

    With ``joint``, a checkpoint is the best only when every metric of ``save_best`` is greater than at the
    last best checkpoint: the paper asks this of PSNR and SSIM. Otherwise `CheckpointHook`'s rules hold.
    Checkpoints are written whole or not at all, unless ``backend_args`` names another backend, and the
    last best one goes only when its successor is there.

    The records are kept in the message hub, so they are saved and resumed.

    Raises `InputError` when validation does not yield one of the metrics, and ``ValueError`` for ``joint``
    with fewer than two metrics or with another rule than "greater".
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
            raise ValueError("`joint` needs two or more metrics in `save_best`")
        if joint and rule not in (None, "greater"):
            raise ValueError(f"`joint` asks every metric to be greater, not {rule!r}")
        # Of jointly judged metrics, the first names the file and is all that MMEngine's logic sees.
        self.companions = names[1:] if joint else []
        super().__init__(
            *args,
            save_best=(names[:1] if joint else names) or None,
            rule="greater" if joint else rule,
            backend_args=backend_args or {"backend": "atomic"},
            **kwargs,
        )

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        if self.out_dir is None:  # Runner.val() alone: nothing is being trained.
            return
        super().after_val_epoch(runner, metrics)

    def _save_best_checkpoint(self, runner, metrics: dict[str, float]) -> None:
        for name in [*(self.save_best or []), *self.companions]:
            if name not in metrics and name != "auto":
                raise InputError(
                    f"save_best={name!r} of the checkpoint hook is no metric of the validation, which "
                    f"gives {', '.join(sorted(metrics))}"
                )
        if self.companions:
            hub = runner.message_hub
            scores = {f"best_score_{name}": metrics[name] for name in self.companions}
            # MMEngine's own logic keeps the first metric's record, under this name.
            rivals = {"best_score": metrics[self.save_best[0]], **scores}
            records = hub.runtime_info
            if not all(score > records.get(record, float("-inf")) for record, score in rivals.items()):
                return
            hub.update_info_dict(scores)
        # MMEngine removes the file named here before it writes the new one; named None, it stays till after.
        last, self.best_ckpt_path = getattr(self, "best_ckpt_path", None), None
        super()._save_best_checkpoint(runner, metrics)
        if self.best_ckpt_path is None:
            self.best_ckpt_path = last
        elif last not in (None, self.best_ckpt_path) and is_main_process() and os.path.isfile(last):
            os.remove(last)
