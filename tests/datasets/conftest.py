"""Small images and datasets on disk."""

from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest


@pytest.fixture
def make_image():
    generator = np.random.default_rng(0)

    def make(height=24, width=32):
        return generator.integers(0, 256, (height, width, 3), np.uint8)

    return make


@pytest.fixture
def write_images(make_image):
    """Writes RGB images as PNG files below a folder and returns {name: image}."""

    def write(folder, *names, height=24, width=32):
        images = {name: make_image(height, width) for name in names}
        for name, image in images.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(path), image[..., ::-1])
        return images

    return write


@pytest.fixture
def write_basicsr_lmdb():
    """Writes an LMDB by hand as BasicSR does, from {key: RGB or grey image}; all of one size."""

    def write(folder, images, listed=None):
        with (
            lmdb.open(str(folder), map_size=1 << 24) as environment,
            environment.begin(write=True) as transaction,
        ):
            for key, image in images.items():
                image = np.atleast_3d(image)[..., ::-1]
                transaction.put(key.encode("ascii"), cv2.imencode(".png", image)[1].tobytes())
        height, width, channels = image.shape
        lines = [f"{key}.png ({height},{width},{channels}) 1\n" for key in listed or images]
        Path(folder, "meta_info.txt").write_text("".join(lines))

    return write
