"""The ways of reading pairs that are compared: the same pairs, the same augmentation, the same samples."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import mmcv
import numpy as np
import torch
from mmengine import fileio
from mmengine.structures import BaseDataElement
from torch.utils.data import ConcatDataset, Dataset

from fcn_plugin.datasets import PairedImageDataset
from fcn_plugin.datasets.storage import FolderStore, LMDBPlan, LMDBStore, write_lmdbs
from fcn_plugin.datasets.transforms import PackPair, PairedRandomCrop, PairedRandomFlip, PairedRandomRotate90
from fcn_plugin.errors import InputError

SIDES = ("blur", "sharp")
READERS = {
    "a": "folder of PNG files, cv2.imread",
    "b": "LMDB of PNG files, MMEngine's LmdbBackend and MMCV's imfrombytes, as in MMagic",
    "c": "LMDB of PNG files, fcn_plugin",
    "d": "LMDB of raw images, fcn_plugin",
}
# Each has LMDBs of its own: MMEngine's backend and `LMDBStore` cannot have one open in the same process.
ENCODINGS = {"b": "png", "c": "png", "d": "raw"}
# Takes a dict with `img` and `gt`, and returns it changed.
Transform = Callable[[dict[str, Any]], dict[str, Any]]


class PairFolder(NamedTuple):
    """A folder with ``blur`` and ``sharp``, and where its LMDBs are."""

    source: Path
    lmdbs: Path

    def lmdb(self, reader: str, side: str) -> Path:
        return self.lmdbs / reader / f"{side}.lmdb"

    def pair_keys(self) -> list[str]:
        return FolderStore(self.source / SIDES[0]).keys()

    def files(self) -> list[Path]:
        """All that is read, by whatever reader."""
        return [path for place in self for path in place.rglob("*") if path.is_file()]

    def stores(self, reader: str) -> list[LMDBStore]:
        """The images of both sides in a reader's LMDBs."""
        return [LMDBStore(self.lmdb(reader, side)) for side in SIDES]

    def write_lmdbs(self, report: Callable[[str], None]) -> None:
        """Writes the LMDBs that are not there yet.

        Raises:
            InputError: There are no images, or not only PNG files, or one cannot be used.
        """
        others = [path for side in SIDES for path in self.source.glob(f"{side}/*") if path.suffix != ".png"]
        if others:
            raise InputError(f"{others[0]} is no PNG file, which all compared images must be; move it away.")
        stores = {side: FolderStore(self.source / side) for side in SIDES}
        for reader, encoding in ENCODINGS.items():
            plans = [
                LMDBPlan(self.lmdb(reader, side), store, store.keys(), {"role": side})
                for side, store in stores.items()
            ]
            write_lmdbs(plans, workers=0, encoding=encoding, report=report)


class PlainPairs(Dataset):
    """Pairs as other toolboxes read them; samples are those of ``PackPair``.

    Args:
        keys: Of the pairs.
        read_blurry: Maps a key to height × width × 3, RGB, uint8.
        read_sharp: Likewise.
        transforms: What is done to each pair.
    """

    def __init__(
        self,
        keys: Sequence[str],
        read_blurry: Callable[[str], np.ndarray],
        read_sharp: Callable[[str], np.ndarray],
        transforms: Sequence[Transform],
    ) -> None:
        self.keys, self.read_blurry, self.read_sharp = keys, read_blurry, read_sharp
        self.transforms = transforms

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> dict[str, Any]:
        key = self.keys[index]
        pair = {"key": key, "img": self.read_blurry(key), "gt": self.read_sharp(key)}
        for transform in self.transforms:
            pair = transform(pair)
        sample = BaseDataElement(metainfo={"key": key}, gt_img=_to_tensor(pair["gt"]))
        return {"inputs": _to_tensor(pair["img"]), "data_samples": sample}


def train_transforms(crop: int) -> list[Transform]:
    """The augmentation of configs/fcn_gopro.py."""
    return [PairedRandomCrop(crop), PairedRandomFlip(), PairedRandomRotate90()]


def open_reader(reader: str, folders: Sequence[PairFolder], transforms: Sequence[Transform]) -> Dataset:
    """All pairs of the folders as one of `READERS` reads them, as samples of ``PackPair``."""
    return ConcatDataset([_open(reader, folder, transforms) for folder in folders])


def read_file_in_lmdb(path: Path, key: str) -> bytes:
    """The encoded image, by MMEngine's LmdbBackend."""
    return fileio.get(key, {"backend": "lmdb", "db_path": str(path)})


def _open(reader: str, folder: PairFolder, transforms: Sequence[Transform]) -> Dataset:
    if reader in ("c", "d"):
        return PairedImageDataset(
            *folder.stores(reader), folder.source.name, pipeline=[*transforms, PackPair()]
        )
    if reader == "a":
        read = [partial(_read_file, folder.source / side) for side in SIDES]
    else:
        read = [partial(_read_value, folder.lmdb(reader, side)) for side in SIDES]
    return PlainPairs(folder.pair_keys(), *read, transforms)


def _read_file(folder: Path, key: str) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(folder / f"{key}.png")), cv2.COLOR_BGR2RGB)


def _read_value(path: Path, key: str) -> np.ndarray:
    return mmcv.imfrombytes(read_file_in_lmdb(path, key), channel_order="rgb", backend="cv2")


def _to_tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).contiguous()
