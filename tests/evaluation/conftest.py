"""One natural pair, made in integers so that it is the same everywhere."""

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor


@pytest.fixture(scope="session")
def sharp() -> Tensor:
    """Uint8, (3, 128, 160)."""
    return to_tensor(data.astronaut()[20:148, 130:290])


@pytest.fixture(scope="session")
def blurry() -> Tensor:
    """``sharp``, moved by 5 pixels while it was exposed."""
    photograph = data.astronaut()[20:148].astype(int)
    frames = [photograph[:, 130 + shift : 290 + shift] for shift in range(-2, 3)]
    return to_tensor(sum(frames) // 5)


def to_tensor(image: np.ndarray) -> Tensor:
    return torch.from_numpy(image.astype(np.uint8).transpose(2, 0, 1).copy())
