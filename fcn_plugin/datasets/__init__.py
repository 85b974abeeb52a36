"""Datasets of blurry and sharp images."""

from fcn_plugin.datasets.gopro import GoProDataset
from fcn_plugin.datasets.hide import HIDEDataset
from fcn_plugin.datasets.paired_image_dataset import PairedImageDataset

__all__ = ["GoProDataset", "HIDEDataset", "PairedImageDataset"]
