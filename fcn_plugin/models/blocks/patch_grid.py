"""Cutting images into the grid of patches of each stage (left of Fig. 2), and putting them together again.

Patches are folded into the batch, so that a stage is one convolution call however many patches it has.
The order is image by image, row by row.
"""

from collections.abc import Iterable
from math import lcm

import torch
from torch import Tensor

Grid = tuple[int, int]
"""Rows and columns of patches."""

PAPER_GRIDS: tuple[Grid, ...] = ((2, 4), (2, 2), (2, 1), (1, 1))
"""Rows and columns of patches at stages 0 to 3: 8, 4, 2 and 1 patches."""


def split_into_patches(images: Tensor, grid: Grid) -> Tensor:
    """Folds the patches of ``images`` into the batch.

    (B, C, H, W) becomes (B·rows·columns, C, H/rows, W/columns); H and W must be multiples of the grid
    (`pad_to_multiple` sees to that).
    """
    rows, columns = grid
    if rows == columns == 1:
        return images
    batch, channels, height, width = images.shape
    patches = images.reshape(batch, channels, rows, height // rows, columns, width // columns)
    return patches.permute(0, 2, 4, 1, 3, 5).reshape(-1, channels, height // rows, width // columns)


def merge_patches(patches: Tensor, grid: Grid) -> Tensor:
    """Undoes `split_into_patches`: (B·rows·columns, C, h, w) becomes (B, C, h·rows, w·columns)."""
    rows, columns = grid
    if rows == columns == 1:
        return patches
    count, channels, height, width = patches.shape
    images = patches.reshape(count // (rows * columns), rows, columns, channels, height, width)
    return images.permute(0, 3, 1, 4, 2, 5).reshape(-1, channels, rows * height, columns * width)


def recut(patches: Tensor, grid: Grid, new_grid: Grid) -> Tensor:
    """Cuts the images that ``patches`` of ``grid`` make up into ``new_grid`` instead."""
    if grid == new_grid:
        return patches
    return split_into_patches(merge_patches(patches, grid), new_grid)


def common_multiple(grids: Iterable[Grid], factor: int) -> tuple[int, int]:
    """The smallest (height, width) that every grid cuts evenly and that ``factor`` divides."""
    rows, columns = zip(*grids, strict=True)
    return lcm(factor, *rows), lcm(factor, *columns)


def pad_to_multiple(images: Tensor, multiple: tuple[int, int]) -> Tensor:
    """Grows (B, C, H, W) at the bottom and the right to the next multiples of (height, width)."""
    height, width = images.shape[-2:]
    down, right = -height % multiple[0], -width % multiple[1]
    return pad(images, down, right) if down or right else images


def pad(images: Tensor, down: int, right: int) -> Tensor:
    """Grows (B, C, H, W) by ``down`` rows at the bottom and ``right`` columns at the right.

    Reflects the image as far as that reaches and repeats its last row or column from there on, so that
    images of a single pixel work too. Nothing here is decided by the size, so that what is exported with one
    size holds for all.
    """
    return _pad_axis(_pad_axis(images, -2, down), -1, right)


def _pad_axis(images: Tensor, axis: int, more: int) -> Tensor:
    last = images.shape[axis] - 1
    distance = (torch.arange(last + 1 + more, device=images.device) - last).abs()
    return images.index_select(axis, (last - distance).clamp(min=0))
