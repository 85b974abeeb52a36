"""Blurry images and their sharp counterparts."""

import os
from collections.abc import Mapping
from typing import Any

from mmengine.dataset import BaseDataset

from fcn_plugin.datasets.storage import ImageStore, open_store
from fcn_plugin.errors import InputError
from fcn_plugin.registry import DATASETS


@DATASETS.register_module()
class PairedImageDataset(BaseDataset):
    """Pairs of a blurry and a sharp image that have the same key in two stores.

    The pipeline receives a dict with ``img`` (blurry) and ``gt`` (sharp), both height × width × 3, RGB,
    uint8 and not to be written into, ``key``, ``ori_shape`` (height, width), ``dataset`` and every
    other fact.

    Args:
        input: The blurry images: a folder, an ``.lmdb``, a store or the config of one.
        target: The sharp images, likewise.
        name: The dataset's name.
        facts: What else holds for every pair, such as ``blur`` (else taken from the LMDB where that tells);
            becomes part of ``metainfo``.
        kwargs: Of MMEngine's ``BaseDataset``.

    Raises:
        InputError: A store cannot be used, or an image has no partner.
    """

    more_targets_allowed = False

    def __init__(
        self,
        input: str | os.PathLike | Mapping | ImageStore,
        target: str | os.PathLike | Mapping | ImageStore,
        name: str,
        facts: Mapping[str, Any] | None = None,
        **kwargs,
    ) -> None:
        self.input = open_store(input)
        self.target = open_store(target)
        told = {"blur": self.input.info["blur"]} if "blur" in self.input.info else {}
        self._facts = {"dataset": name, **told, **(facts or {})}
        super().__init__(**kwargs)
        # Not by the argument `metainfo`, whose strings MMEngine tries to open as files.
        self._metainfo.update(self._facts)

    def load_data_list(self) -> list[dict]:
        keys = self.input.keys()
        _check_partners(keys, self.input, self.target)
        if not self.more_targets_allowed:
            _check_partners(self.target.keys(), self.target, self.input)
        return [{**self._facts, "key": key} for key in keys]

    def prepare_data(self, idx: int) -> Any:
        """Reads a pair and sends it through the pipeline.

        Raises:
            InputError: An image cannot be used, or the two differ in size.
        """
        results = self.get_data_info(idx)
        results["img"] = self.input.read(results["key"])
        results["gt"] = self.target.read(results["key"])
        results["ori_shape"] = results["img"].shape[:2]
        self._check_same_size(results["key"], results["img"].shape[:2], results["gt"].shape[:2])
        return self.pipeline(results)

    def keys(self) -> list[str]:
        """The keys of all pairs, in order."""
        return [self.get_data_info(index)["key"] for index in range(len(self))]

    def check_size(self, key: str) -> tuple[int, int]:
        """The height and width of a pair, without decoding an image.

        Raises:
            InputError: The blurry and the sharp image differ in size.
        """
        size = self.input.size(key)
        self._check_same_size(key, size, self.target.size(key))
        return size

    def _check_same_size(self, key: str, input_size: tuple[int, int], target_size: tuple[int, int]) -> None:
        if input_size != target_size:
            raise InputError(
                f"The images of {key!r} differ in size: {size_text(input_size)} in {self.input.location} "
                f"but {size_text(target_size)} in {self.target.location}; "
                "remove the pair or replace one of the two."
            )


def _check_partners(keys: list[str], store: ImageStore, partners: ImageStore) -> None:
    alone = sorted(set(keys).difference(partners.keys()))
    if alone:
        first = ", ".join(alone[:3]) + (", ..." if len(alone) > 3 else "")
        raise InputError(
            f"{len(alone)} of the {len(keys)} images in {store.location} have no partner of the same name in "
            f"{partners.location} ({first}); add the missing ones or remove these."
        )


def size_text(size: tuple[int, int]) -> str:
    """Height and width as people say them, width first."""
    height, width = size
    return f"{width}×{height}"
