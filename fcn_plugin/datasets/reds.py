"""REDS (Nah et al., CVPR Workshops 2019)."""

import os

from fcn_plugin.datasets.layout import Layout
from fcn_plugin.datasets.published_dataset import PublishedDataset, check_choice
from fcn_plugin.registry import DATASETS


@DATASETS.register_module()
class REDSDataset(PublishedDataset):
    """REDS: 24000 training and 3000 validation pairs of 720×1280, sequences of 100 frames with motion blur.

    The release's other degradations, compressed and low-resolution blur, are left out, and its test set is
    not public.

    Args:
        data_root: The folder that holds ``train/`` and ``val/``.
        split: ``'train'`` or ``'val'``.
        storage: ``'folder'``, ``'lmdb'`` or ``'auto'``, which prefers LMDBs.
        kwargs: Of ``PairedImageDataset``, such as ``pipeline``.

    Raises:
        InputError: The dataset is not there or has unpaired images.
    """

    NAME = "REDS"
    LAYOUTS = (
        Layout("{split}/blur.lmdb", "{split}/sharp.lmdb"),
        Layout("{split}/{split}_blur.lmdb", "{split}/{split}_sharp.lmdb"),
        Layout("{split}/{split}_blur/*/*", "{split}/{split}_sharp/*/*"),  # the official release
        Layout("{split}_blur/*/*", "{split}_sharp/*/*"),  # its archives' inner folders
        Layout("{split}/*/blur/*", "{split}/*/sharp/*"),  # as GoPro lies
    )
    HOW_TO_GET_IT = (
        "download train_blur, train_sharp, val_blur and val_sharp from Nah et al.'s project page "
        "https://seungjunnah.github.io/Datasets/reds and unpack them there, or prepare LMDBs from a copy "
        "elsewhere with `python tools/prepare_data.py reds --source FOLDER --out {root}`."
    )

    def __init__(self, data_root: str | os.PathLike, split: str, storage: str = "auto", **kwargs) -> None:
        check_choice("split", split, ("train", "val"))
        super().__init__(data_root, storage, {"split": split}, **kwargs)
