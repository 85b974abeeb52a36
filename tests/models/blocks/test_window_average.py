import pytest
import torch

from fcn_plugin.models.blocks.window_average import WindowAverage


def windowed(window):
    average = WindowAverage()
    average.window = window
    return average


def test_without_a_window_it_is_global_average_pooling():
    features = torch.rand(2, 3, 7, 9)
    means = windowed(None)(features)
    torch.testing.assert_close(means, features.mean((2, 3), keepdim=True))
    assert windowed(None).spread(means, (7, 9)).shape == (2, 3, 1, 1)


def test_each_place_gets_the_average_around_it():
    features = torch.rand(1, 2, 64, 80)
    means = windowed((24, 40))(features)
    assert means.shape == (1, 2, 8, 10)
    # The window around the block in row 4, column 5: three blocks by five.
    torch.testing.assert_close(means[0, :, 4, 5], features[0, :, 24:48, 24:64].mean((1, 2)))
    # At the border, the nearest window that lies inside.
    torch.testing.assert_close(means[0, :, 0, 0], features[0, :, :24, :40].mean((1, 2)))


@pytest.mark.parametrize("size", [(1, 1), (8, 16), (13, 21)])
def test_a_window_larger_than_the_image_is_the_image(size):
    features = torch.rand(1, 2, *size)
    average = windowed((256, 256))
    spread = average.spread(average(features), size)
    assert spread.shape == features.shape
    # Of blocks cut off by the border the average is taken as of whole ones.
    torch.testing.assert_close(spread.amax((2, 3)), spread.amin((2, 3)))
    if size == (8, 16):
        torch.testing.assert_close(spread[..., 0, 0], features.mean((2, 3)))


def test_what_is_the_same_everywhere_stays_so():
    features = torch.full((1, 1, 50, 70), 0.3)
    average = windowed((16, 32))
    torch.testing.assert_close(average.spread(average(features), (50, 70)), features)
