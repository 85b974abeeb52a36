"""GoPro (Nah et al., CVPR 2017)."""

import os
import re
from collections.abc import Sequence
from typing import ClassVar

from fcn_plugin.datasets.layout import Layout
from fcn_plugin.datasets.published_dataset import PublishedDataset, check_choice
from fcn_plugin.errors import InputError
from fcn_plugin.registry import DATASETS

BLUR_NAMES = {"linear": "blur", "gamma": "blur_gamma"}
LINEAR = {"blur": "linear"}


@DATASETS.register_module()
class GoProDataset(PublishedDataset):
    """GoPro: 2103 training and 1111 test pairs of 720×1280.

    Args:
        data_root: The folder or archive that holds ``train/`` and ``test/``.
        split: ``'train'`` or ``'test'``.
        blur: ``'linear'`` or ``'gamma'``, the latter averaged in linear light by a gamma curve. Results on
            the two are not comparable, so there is no default.
        storage: ``'folder'`` (or archive), ``'lmdb'`` or ``'auto'``, which prefers LMDBs.
        sequences: Only these sequences, such as ``'GOPR0372_07_00'``; all where it is None.
        exclude_sequences: None of these.
        kwargs: Of ``PairedImageDataset``, such as ``pipeline``.

    Raises:
        InputError: The dataset is not there, holds another kind of blur, has unpaired images or lacks a
            sequence.
    """

    NAME = "GoPro"
    LAYOUTS = (
        Layout("{split}/{blur_name}.lmdb", "{split}/sharp.lmdb"),
        Layout("{split}/input.lmdb", "{split}/target.lmdb", holds=LINEAR),  # NAFNet
        Layout("{split}/blur_crops.lmdb", "{split}/sharp_crops.lmdb", holds=LINEAR, crops=True),  # NAFNet's
        Layout("{split}/*/{blur_name}/*", "{split}/*/sharp/*"),  # the official release
        Layout("{split}/input/*", "{split}/target/*", holds=LINEAR),  # MPRNet, Restormer, NAFNet
        Layout("{split}/blur_crops/*", "{split}/sharp_crops/*", holds=LINEAR, crops=True),
    )
    PAIRS: ClassVar = {"split": {"train": 2103, "test": 1111}}
    SIZE = (720, 1280)
    HOW_TO_GET_IT = (
        "download GOPRO_Large.zip from Nah et al.'s project page https://seungjunnah.github.io/Datasets/gopro"
    )

    def __init__(
        self,
        data_root: str | os.PathLike,
        split: str,
        blur: str,
        storage: str = "auto",
        sequences: Sequence[str] | None = None,
        exclude_sequences: Sequence[str] = (),
        **kwargs,
    ) -> None:
        check_choice("split", split, ("train", "test"))
        check_choice("blur", blur, tuple(BLUR_NAMES))
        self._sequences, self._exclude_sequences = sequences, exclude_sequences
        names = {"blur_name": BLUR_NAMES[blur]}
        super().__init__(data_root, storage, {"split": split, "blur": blur}, names, **kwargs)

    def filter_data(self) -> list[dict]:
        present = {sequence_of(pair["key"]) for pair in self.data_list}
        chosen = present if self._sequences is None else set(self._sequences)
        unknown = chosen.union(self._exclude_sequences) - present
        if unknown:
            raise InputError(
                f"{self.input.location} has no sequence {', '.join(sorted(unknown))}; "
                f"it has {', '.join(sorted(present))}."
            )
        chosen = chosen.difference(self._exclude_sequences)
        if not chosen:
            raise InputError(f"The choice of sequences leaves nothing of {self.input.location}; widen it.")
        return [pair for pair in self.data_list if sequence_of(pair["key"]) in chosen]


def sequence_of(key: str) -> str:
    """The sequence of ``GOPR0372_07_00/000047`` as of ``GOPR0372_07_00-000047_s001``."""
    return re.split("[/-]", key, maxsplit=1)[0]
