"""HIDE (Shen et al., ICCV 2019)."""

import os
from collections.abc import Sequence
from typing import ClassVar

from fcn_plugin.datasets.layout import Layout
from fcn_plugin.datasets.published_dataset import PublishedDataset, check_choice
from fcn_plugin.errors import InputError
from fcn_plugin.registry import DATASETS

SUBSETS = ["test-close-ups", "test-long-shot"]
BOTH = {"subsets": SUBSETS}


@DATASETS.register_module()
class HIDEDataset(PublishedDataset):
    """HIDE's test set: 2025 pairs of people in motion, 962 close-ups and 1063 long shots.

    Args:
        data_root: The folder or archive that holds the release, or ``input`` and ``target``.
        storage: ``'folder'`` (or archive), ``'lmdb'`` or ``'auto'``, which prefers LMDBs.
        subsets: One of the two subsets or both; only the official release tells them apart.
        kwargs: Of ``PairedImageDataset``, such as ``pipeline``.

    Raises:
        InputError: The dataset is not there, does not tell the subsets apart or has unpaired images.
    """

    NAME = "HIDE"
    LAYOUTS = (
        Layout("test/blur.lmdb", "test/sharp.lmdb", holds=BOTH),
        Layout("test/input.lmdb", "test/target.lmdb", holds=BOTH),
        Layout("input.lmdb", "target.lmdb", holds=BOTH),
        # The official release, whose GT/ also holds the sharp images of the training set.
        Layout("test/{subsets}/*", "GT/*", more_targets=True),
        Layout("input/*", "target/*", holds=BOTH),  # MPRNet, Restormer
        Layout("test/input/*", "test/target/*", holds=BOTH),
    )
    PAIRS: ClassVar = {"subsets": {"test-close-ups": 962, "test-long-shot": 1063}}
    SIZE = (720, 1280)
    BLUR = "averaged frames"
    HOW_TO_GET_IT = "download HIDE from https://github.com/joanshen0508/HA_deblur"

    def __init__(
        self,
        data_root: str | os.PathLike,
        storage: str = "auto",
        subsets: Sequence[str] = tuple(SUBSETS),
        **kwargs,
    ) -> None:
        for subset in subsets:
            check_choice("subsets", subset, tuple(SUBSETS))
        if not subsets:
            raise InputError(f"subsets is empty; name one or both of {SUBSETS}.")
        super().__init__(data_root, storage, {"split": "test", "subsets": sorted(set(subsets))}, **kwargs)
