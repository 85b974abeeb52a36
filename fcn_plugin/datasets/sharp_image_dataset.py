"""Sharp photographs alone, for pipelines that blur them."""

import os
from collections.abc import Mapping
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from fcn_plugin.datasets.storage import ImageStore, open_store
from fcn_plugin.errors import InputError
from fcn_plugin.registry import DATASETS


@DATASETS.register_module()
class SharpImageDataset(BaseDataset):
    """Sharp photographs.

    The pipeline receives a dict with ``gt``, height × width × 3, RGB, uint8 and not to be written into,
    ``key``, ``ori_shape`` (height, width), ``dataset`` and every other fact. Its transforms may tell by
    ``smallest_photograph`` (height, width) how large photographs have to be, as `SynthesizeBlur` does;
    smaller ones are left out, which the log tells.

    Args:
        source: The photographs: a folder, an ``.lmdb``, a store or the config of one.
        name: The dataset's name.
        facts: What else holds for every photograph; becomes part of ``metainfo``.
        kwargs: Of MMEngine's ``BaseDataset``.

    Raises:
        InputError: The store cannot be used, or all photographs are too small.
    """

    def __init__(
        self,
        source: str | os.PathLike | Mapping | ImageStore,
        name: str,
        facts: Mapping[str, Any] | None = None,
        **kwargs,
    ) -> None:
        self.source = open_store(source)
        self._facts = {"dataset": name, "blur": "synthetic", **(facts or {})}
        super().__init__(**kwargs)
        # Not by the argument `metainfo`, whose strings MMEngine tries to open as files.
        self._metainfo.update(self._facts)

    def load_data_list(self) -> list[dict]:
        return [{**self._facts, "key": key} for key in self.source.keys()]  # noqa: SIM118

    def filter_data(self) -> list[dict]:
        needs = [getattr(step, "smallest_photograph", (0, 0)) for step in self.pipeline.transforms]
        height, width = (max(sides, default=0) for sides in zip(*needs, strict=True)) if needs else (0, 0)
        if not height and not width:
            return self.data_list
        large = []
        for photograph in self.data_list:
            there = self.source.size(photograph["key"])
            if there[0] >= height and there[1] >= width:
                large.append(photograph)
        if not large:
            raise InputError(
                f"All {len(self.data_list)} photographs in {self.source.location} are smaller than the "
                f"{width}×{height} pixels that the crop and its margin take; use a smaller crop or larger "
                "photographs."
            )
        if len(large) < len(self.data_list):
            print_log(
                f"{len(self.data_list) - len(large)} of the {len(self.data_list)} photographs in "
                f"{self.source.location} are smaller than {width}×{height} pixels and left out.",
                "current",
            )
        return large

    def prepare_data(self, idx: int) -> Any:
        """Reads a photograph and sends it through the pipeline.

        Raises:
            InputError: It cannot be used.
        """
        results = self.get_data_info(idx)
        results["gt"] = self.source.read(results["key"])
        results["ori_shape"] = results["gt"].shape[:2]
        return self.pipeline(results)
