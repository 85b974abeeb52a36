"""Datasets of blurry and sharp images."""

from fcn_plugin.datasets.collate import collate_pairs
from fcn_plugin.datasets.frame_sequence_dataset import FrameSequenceDataset
from fcn_plugin.datasets.gopro import GoProDataset
from fcn_plugin.datasets.hide import HIDEDataset
from fcn_plugin.datasets.paired_image_dataset import PairedImageDataset
from fcn_plugin.datasets.published_dataset import NotFoundError
from fcn_plugin.datasets.realblur import RealBlurDataset
from fcn_plugin.datasets.reds import REDSDataset
from fcn_plugin.datasets.sharp_image_dataset import SharpImageDataset

__all__ = [
    "FrameSequenceDataset",
    "GoProDataset",
    "HIDEDataset",
    "NotFoundError",
    "PairedImageDataset",
    "REDSDataset",
    "RealBlurDataset",
    "SharpImageDataset",
    "collate_pairs",
]
