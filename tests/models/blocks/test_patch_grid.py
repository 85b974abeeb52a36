import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fcn_plugin.models.blocks.patch_grid import (
    common_multiple,
    merge_patches,
    pad_to_multiple,
    recut,
    split_into_patches,
)

GRIDS = [(2, 4), (2, 2), (2, 1), (1, 1), (3, 2)]


def test_patches_are_ordered_image_by_image_and_row_by_row():
    images = torch.arange(2 * 1 * 4 * 8).reshape(2, 1, 4, 8)
    patches = split_into_patches(images, (2, 4))
    assert patches.shape == (16, 1, 2, 2)
    assert torch.equal(patches[0, 0], images[0, 0, :2, :2])
    assert torch.equal(patches[3, 0], images[0, 0, :2, 6:])
    assert torch.equal(patches[4, 0], images[0, 0, 2:, :2])
    assert torch.equal(patches[8, 0], images[1, 0, :2, :2])


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("new_grid", GRIDS)
def test_recutting_is_cutting_the_whole_image(grid, new_grid):
    images = torch.rand(2, 3, 12, 8)
    patches = split_into_patches(images, grid)
    assert torch.equal(merge_patches(patches, grid), images)
    assert torch.equal(recut(patches, grid, new_grid), split_into_patches(images, new_grid))


def test_common_multiple_serves_every_grid_and_the_pyramid():
    assert common_multiple([(2, 4), (1, 1)], 4) == (4, 4)
    assert common_multiple([(3, 2), (2, 1)], 4) == (12, 4)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 2, 4, 12]), st.sampled_from([1, 2, 4, 12]))
def test_padding_keeps_the_image_and_reaches_the_next_multiple(height, width, rows, columns):
    images = torch.rand(1, 2, height, width)
    padded = pad_to_multiple(images, (rows, columns))
    assert torch.equal(padded[..., :height, :width], images)
    assert padded.shape[2] == -(-height // rows) * rows
    assert padded.shape[3] == -(-width // columns) * columns


def test_padding_reflects_and_then_repeats():
    row = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
    assert pad_to_multiple(row, (1, 8)).flatten().tolist() == [1, 2, 3, 2, 1, 1, 1, 1]
