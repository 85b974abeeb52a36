"""Images that are too large for memory, restored tile by tile."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Span(NamedTuple):
    """What a tile covers along one axis.

    Attributes:
        start, stop: of what the network sees, in pixels.
        weights: (stop - start,), how much of the result at each pixel is this tile's. Over all tiles they
            add up to one. They are zero in the context, where the network sees less than it needs.
    """

    start: int
    stop: int
    weights: np.ndarray


def spans(length: int, size: int, context: int, feather: int, step: int) -> list[Span]:
    """Covers ``length`` pixels with tiles of up to ``size``.

    Neighbours overlap by ``2 * context + feather`` pixels or more: ``context`` for each to look at, and
    between them a ramp from the one's result to the other's. Tiles begin at multiples of ``step``.
    """
    if length <= size:
        return [Span(0, length, np.ones(length, np.float32))]
    stride = (size - 2 * context - feather) // step * step
    last = -(-(length - size) // step) * step
    starts = [*range(0, last, stride), last]
    ramp = (np.arange(feather, dtype=np.float32) + 0.5) / feather
    weights = []
    for start in starts:
        weight = np.ones(min(size, length - start), np.float32)
        if start > 0:
            weight[:context] = 0
            weight[context : context + feather] = ramp
        if start < last:
            weight[len(weight) - context :] = 0
            weight[len(weight) - context - feather : len(weight) - context] = ramp[::-1]
        weights.append(weight)
    total = np.zeros(length, np.float32)
    for start, weight in zip(starts, weights, strict=True):
        total[start : start + len(weight)] += weight
    return [
        Span(start, start + len(weight), weight / total[start : start + len(weight)])
        for start, weight in zip(starts, weights, strict=True)
    ]


def restore_in_tiles(
    restore: Callable[[np.ndarray], np.ndarray], image: np.ndarray, rows: list[Span], columns: list[Span]
) -> np.ndarray:
    """Applies ``restore``, (h, w, 3) to (h, w, C) float32, to each tile of ``image`` and blends the results.

    Takes the memory of the blended result and of one tile.
    """
    blended: np.ndarray | None = None
    for row in rows:
        for column in columns:
            tile = restore(image[row.start : row.stop, column.start : column.stop])
            if blended is None:
                blended = np.zeros((*image.shape[:2], tile.shape[2]), np.float32)
            tile *= row.weights[:, None, None]
            tile *= column.weights[:, None]
            blended[row.start : row.stop, column.start : column.stop] += tile
    return blended
