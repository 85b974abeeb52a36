"""The loss calculation adjustment module (section 3.6, equation 1)."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from fcn_plugin.errors import InputError
from fcn_plugin.registry import MODELS

CRITERIA = {
    "rmse": "fcn_plugin.RMSELoss",
    "charbonnier": "fcn_plugin.CharbonnierLoss",
    "charbonnier+edge": "fcn_plugin.CharbonnierEdgeLoss",
}

RatioMode = Literal["literal", "barrier", "softmax", "fixed"]


@MODELS.register_module()
class MultiStageRatioLoss(nn.Module):
    """Σ_s r_s · criterion(P_s, G) with trainable ratios r_s in 0..1 (equation 1).

    The sum runs over as many stages as there are predictions (the paper prints s = 0..4 for its four).

    ``mode`` says how the ratios are trained:

    - ``"literal"``: r = sigmoid(θ), and nothing else, as printed. Lowering any ratio lowers the loss, so
      gradient descent drives all of them to 0. Kept for comparison.
    - ``"barrier"``: r = sigmoid(θ) and a term −w·log r_s for each stage, which pays for small ratios as
      uncertainty weighting does (Kendall et al., CVPR 2018). It settles at r_s = min(1, w / L_s), where L_s
      is the stage's criterion: stages with large errors count less, and all count fully once L_s < w.
    - ``"softmax"``: r = softmax(θ), so the ratios share the sum 1; the stage with the smallest error gains
      at the others' expense.
    - ``"fixed"``: the initial ratios stay.

    ``initial_ratio`` is every stage's ratio at the start, or a sequence of one for each stage (``"softmax"``
    starts at 1/n instead).
    ``barrier_weight`` is w above, in units of the criterion. Before the epoch ``ratios_from_epoch`` the
    ratios keep their initial, equal values ("in the later stage of training"); `RatioScheduleHook` tells the
    loss which epoch it is by setting ``ratios_move``.

    The ratios are parameters of the loss: they belong to the model's optimizer (give ``ratio_logits`` a
    learning rate of its own with ``paramwise_cfg``), are saved and resumed with it, and can be read at
    ``loss.ratios``.

    Shapes: a list of predictions, or a single one, each (B, C, H, W) in [0, 1], and the sharp image of the
    same shape, to a scalar. Computed in float32 whatever the predictions are.

    Raises `InputError` for an unknown mode or criterion, for initial ratios outside 0..1 or that cannot be
    trained, and for a number of predictions other than ``stages``.
    """

    def __init__(
        self,
        stages: int = 4,
        criterion: str | dict[str, Any] = "rmse",
        mode: RatioMode = "barrier",
        initial_ratio: float | Sequence[float] = 0.5,
        barrier_weight: float = 0.02,
        ratios_from_epoch: int = 0,
    ):
        super().__init__()
        if mode not in ("literal", "barrier", "softmax", "fixed"):
            raise InputError(f"the loss's mode is {mode!r}: choose literal, barrier, softmax or fixed")
        if isinstance(criterion, str):
            if criterion not in CRITERIA:
                raise InputError(
                    f"the loss's criterion is {criterion!r}: choose one of {', '.join(CRITERIA)}"
                )
            criterion = {"type": CRITERIA[criterion]}
        self.criterion = MODELS.build(criterion)
        self.mode = mode
        self.barrier_weight = barrier_weight
        self.ratios_from_epoch = ratios_from_epoch
        self.ratios_move = ratios_from_epoch == 0

        initial = [initial_ratio] * stages if isinstance(initial_ratio, int | float) else list(initial_ratio)
        if mode != "fixed" and not all(0 < ratio < 1 for ratio in initial):
            raise InputError(f"ratios that train start between 0 and 1, exclusively, not at {initial_ratio}")
        if not all(0 <= ratio <= 1 for ratio in initial):
            raise InputError(f"ratios lie between 0 and 1, not at {initial_ratio}")
        self.stages = len(initial)
        if mode == "fixed":
            self.register_buffer("fixed_ratios", torch.tensor(initial, dtype=torch.float32))
        elif mode == "softmax":
            self.ratio_logits = nn.Parameter(torch.zeros(stages))
        else:
            self.ratio_logits = nn.Parameter(torch.tensor(initial).logit())

    @property
    def ratios(self) -> Tensor:
        """The ratios r_s, one per stage, in 0..1."""
        if self.mode == "fixed":
            return self.fixed_ratios
        if self.mode == "softmax":
            return self.ratio_logits.softmax(dim=0)
        return self.ratio_logits.sigmoid()

    def forward(self, predictions: Tensor | Sequence[Tensor], target: Tensor) -> Tensor:
        if isinstance(predictions, Tensor):
            predictions = [predictions]
        if len(predictions) != self.stages:
            raise InputError(
                f"the loss has ratios for {self.stages} stages but got {len(predictions)} "
                "predictions: set its `stages` to the network's"
            )
        with torch.autocast(target.device.type, enabled=False):
            target = target.float()
            errors = torch.stack([self.criterion(prediction.float(), target) for prediction in predictions])

        ratios = self.ratios
        if not self.ratios_move:
            # Still part of the graph, with a gradient of zero: a parameter that gets none at all stops
            # distributed training.
            ratios = ratios.detach() + 0 * ratios
        loss = (ratios * errors).sum()
        if self.mode == "barrier":
            loss = loss - self.barrier_weight * ratios.log().sum()
        return loss
