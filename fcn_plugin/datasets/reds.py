"""REDS (Nah et al., CVPR Workshops 2019)."""

import os
from typing import ClassVar

from fcn_plugin.datasets.layout import Layout
from fcn_plugin.datasets.published_dataset import PublishedDataset, check_choice
from fcn_plugin.registry import DATASETS


@DATASETS.register_module()
class REDSDataset(PublishedDataset):
    """REDS: 24000 training and 3000 validation pairs of 720×1280, sequences of 100 frames with motion blur.

    The release's other degradations, compressed and low-resolution blur, are left out, and its test set is
    not public.

    Args:
        data_root: The folder or archive that holds ``train/`` and ``val/``, or the folder that holds the
            release's archives.
        split: ``'train'`` or ``'val'``.
        storage: ``'folder'`` (or archive), ``'lmdb'`` or ``'auto'``, which prefers LMDBs.
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
    PAIRS: ClassVar = {"split": {"train": 24000, "val": 3000}}
    SIZE = (720, 1280)
    BLUR = "frames averaged in linear light"
    HOW_TO_GET_IT = (
        "download train_blur.zip, train_sharp.zip, val_blur.zip and val_sharp.zip from Nah et al.'s project "
        "page https://seungjunnah.github.io/Datasets/reds"
    )

    def __init__(self, data_root: str | os.PathLike, split: str, storage: str = "auto", **kwargs) -> None:
        check_choice("split", split, ("train", "val"))
        super().__init__(data_root, storage, {"split": split}, **kwargs)
