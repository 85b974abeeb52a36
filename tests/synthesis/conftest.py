"""Things to photograph."""

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def photograph() -> np.ndarray:
    """Smooth random shapes, RGB, uint8, 110×130; read-only as a store's images are."""
    coarse = np.random.default_rng(0).integers(0, 256, (14, 17, 3), np.uint8)
    image = cv2.resize(coarse, (130, 110), interpolation=cv2.INTER_CUBIC)
    image.flags.writeable = False
    return image
