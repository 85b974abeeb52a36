"""Criteria for one prediction, and the loss that weighs the stages."""

from .criteria import CharbonnierEdgeLoss, CharbonnierLoss, RMSELoss
from .multi_stage_ratio_loss import MultiStageRatioLoss

__all__ = ["CharbonnierEdgeLoss", "CharbonnierLoss", "MultiStageRatioLoss", "RMSELoss"]
