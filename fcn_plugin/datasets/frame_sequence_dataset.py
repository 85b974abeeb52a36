"""Neighbouring sharp frames, for pipelines that average them."""

import itertools
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.logging import print_log

from fcn_plugin.datasets.sharp_image_dataset import SharpImageDataset
from fcn_plugin.datasets.storage import ImageStore
from fcn_plugin.errors import InputError
from fcn_plugin.registry import DATASETS
from fcn_plugin.synthesis.video import GHOSTING_DISPLACEMENT, displacement_of, optical_flow

WINDOWS_LOOKED_AT = 4
"""Of how many windows the motion is measured, for a warning."""


@DATASETS.register_module()
class FrameSequenceDataset(SharpImageDataset):
    """Every window of neighbouring frames of sharp sequences.

    An image's key is its sequence, ``/`` and a name that ends in the frame's number. Frames whose numbers
    follow each other are neighbours; a window spans no missing frame. The log warns of frames so far apart
    that their average shows edges as separate copies.

    The pipeline receives a dict with ``frames``, a list of images in order of time, each height × width ×
    3, RGB, uint8 and not to be written into, ``key`` of the one in the middle, ``ori_shape`` (height, width),
    ``dataset`` and every other fact.

    Args:
        source: The frames: a folder, an ``.lmdb``, a store or the config of one. Of an uncompressed LMDB,
            frames are views into its file.
        name: The dataset's name.
        frames: How many a window has, an odd number.
        kwargs: Of ``SharpImageDataset``, such as ``pipeline``.

    Raises:
        InputError: The store cannot be used, ``frames`` is even, or no sequence is long enough.
    """

    def __init__(
        self, source: str | os.PathLike | Mapping | ImageStore, name: str, frames: int = 13, **kwargs
    ) -> None:
        if frames < 3 or frames % 2 == 0:
            raise InputError(f"frames must be an odd number from 3 up, not {frames}; one is in the middle.")
        self.frames = frames
        super().__init__(source, name, **kwargs)

    def load_data_list(self) -> list[dict]:
        windows = [
            {**self._facts, "key": run[first + self.frames // 2], "frames": run[first : first + self.frames]}
            for run in _runs(self.source.keys())
            for first in range(len(run) - self.frames + 1)
        ]
        if not windows:
            raise InputError(
                f"{self.source.location} has nowhere {self.frames} frames whose numbers follow each other; "
                "ask for fewer, or add the missing ones."
            )
        return windows

    def filter_data(self) -> list[dict]:
        windows = super().filter_data()
        looked_at = windows[:: -(-len(windows) // WINDOWS_LOOKED_AT)]
        displacement = max(displacement_of(optical_flow(*self._read(window)[:2])) for window in looked_at)
        if displacement > GHOSTING_DISPLACEMENT:
            print_log(
                f"Frames in {self.source.location} move by {displacement:.1f} pixels and maybe more from one "
                "to the next, so their averages may show edges as separate copies; take frames of a higher "
                "rate, or made smaller.",
                "current",
                logging.WARNING,
            )
        return windows

    def prepare_data(self, idx: int) -> Any:
        """Reads a window and sends it through the pipeline.

        Raises:
            InputError: A frame cannot be used, or they differ in size.
        """
        results = self.get_data_info(idx)
        results["frames"] = self._read(results)
        results["ori_shape"] = results["frames"][0].shape[:2]
        return self.pipeline(results)

    def _read(self, window: Mapping[str, Any]) -> list[np.ndarray]:
        frames = [self.source.read(key) for key in window["frames"]]
        if len({frame.shape for frame in frames}) > 1:
            raise InputError(
                f"The {self.frames} frames around {window['key']!r} in {self.source.location} differ in "
                "size; make them alike or give them sequences of their own."
            )
        return frames


def _runs(keys: Sequence[str]) -> Iterator[list[str]]:
    """Keys of frames without a gap, in order of their numbers."""
    # A frame's number less its place in the order stays the same until one is missing.
    placed = enumerate(sorted(map(_sequence_and_number, keys)))
    for _, run in itertools.groupby(placed, lambda frame: (frame[1][0], frame[1][1] - frame[0])):
        yield [key for _, (*_, key) in run]


def _sequence_and_number(key: str) -> tuple[str, int, str]:
    match = re.fullmatch(r"(.*?)(\d+)", key)
    if match is None:
        raise InputError(f"{key!r} ends in no number, which would tell its place in a sequence; rename it.")
    return match[1], int(match[2]), key
