import mmap

import numpy as np
import pytest

from fcn_plugin.datasets.storage import read_ahead

HEIGHT, WIDTH = 300, 1000
START = 5 * mmap.PAGESIZE + 16  # LMDB's values do not begin where pages do


class Map(mmap.mmap):
    """A map that notes which bytes are announced."""

    def madvise(self, advice, start, length):
        assert advice == mmap.MADV_WILLNEED
        self.announced = start, start + length
        return super().madvise(advice, start, length)


@pytest.fixture
def mapped(tmp_path):
    """A map and the image in it, whose rows are 3000 bytes long."""
    if not hasattr(mmap.mmap, "madvise"):
        pytest.skip("maps cannot be advised on here")
    content = np.random.default_rng(0).integers(0, 256, START + HEIGHT * WIDTH * 3 + 100, np.uint8)
    (tmp_path / "file").write_bytes(content.tobytes())
    with (tmp_path / "file").open("rb") as file:
        content = Map(file.fileno(), 0, access=mmap.ACCESS_READ)
    image = np.frombuffer(content, np.uint8)[START : START + HEIGHT * WIDTH * 3]
    return content, image.reshape(HEIGHT, WIDTH, 3)


VIEWS = {
    "whole": (lambda image: image, 0, HEIGHT * WIDTH * 3),
    "crop": (lambda image: image[100:120, 30:40], 100 * 3000 + 90, 119 * 3000 + 120),
    "mirrored": (lambda image: image[100:120, 30:40][::-1, ::-1], 100 * 3000 + 90, 119 * 3000 + 120),
    "turned": (lambda image: np.rot90(image[100:120, 30:40]), 100 * 3000 + 90, 119 * 3000 + 120),
    "one channel": (lambda image: image[7:8, 9:10, 1], 7 * 3000 + 28, 7 * 3000 + 29),
}


@pytest.mark.parametrize("name", VIEWS)
def test_announces_the_pages_of_the_view_and_no_others(mapped, name):
    content, image = mapped
    cut, first, end = VIEWS[name]
    view = cut(image)
    expected = view.copy()
    assert read_ahead(view) is view
    assert content.announced == ((START + first) // mmap.PAGESIZE * mmap.PAGESIZE, START + end)
    np.testing.assert_array_equal(view, expected)


@pytest.mark.parametrize(
    "array", [np.zeros((4, 5, 3), np.uint8)[1:], np.frombuffer(b"bytes", np.uint8), np.zeros((0, 4, 3))]
)
def test_other_arrays_are_left_alone(array):
    assert read_ahead(array) is array
