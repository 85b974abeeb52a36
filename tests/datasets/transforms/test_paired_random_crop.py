import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcn_plugin.datasets.transforms import PairedRandomCrop
from fcn_plugin.errors import InputError

sizes = st.integers(1, 40)


@given(height=sizes, width=sizes, data=st.data())
def test_both_crops_are_the_same_part_of_the_image(pair_of, aligned, height, width, data):
    size = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    results = PairedRandomCrop(size)(pair_of(height, width))
    assert aligned(results)
    crop = results["img"]
    assert crop.shape == (*size, 3)
    top, left = crop[0, 0, :2]
    expected = pair_of(height, width)["img"][top : top + size[0], left : left + size[1]]
    np.testing.assert_array_equal(crop, expected)


def test_crop_is_a_view(pair_of):
    pair = pair_of(8, 8)
    assert np.shares_memory(PairedRandomCrop(4)(dict(pair))["gt"], pair["gt"])


def test_every_place_is_drawn(pair_of):
    np.random.seed(0)  # noqa: NPY002
    crop = PairedRandomCrop(2)
    places = {tuple(crop(pair_of(3, 4))["img"][0, 0, :2].tolist()) for _ in range(200)}
    assert places == {(row, column) for row in range(2) for column in range(3)}


def test_numpy_seed_decides(pair_of):
    crops = []
    for _ in range(2):
        np.random.seed(1)  # noqa: NPY002
        crops.append([PairedRandomCrop(2)(pair_of(40, 40))["img"][0, 0].tolist() for _ in range(5)])
    assert crops[0] == crops[1]


@pytest.mark.parametrize("size", [(9, 4), (4, 13)])
def test_image_smaller_than_the_crop_is_refused(pair_of, size):
    message = f"'a' is 12×8, smaller than a crop of {size[1]}×{size[0]}; use a smaller crop"
    with pytest.raises(InputError, match=message):
        PairedRandomCrop(size)(pair_of(8, 12))
