"""SSIM's window and its formula, for NumPy's arrays as for torch's tensors."""

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from torch import Tensor

Array = TypeVar("Array", np.ndarray, Tensor)

RADIUS = 5
WINDOW = 2 * RADIUS + 1
SIGMA = 1.5
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2


def _gaussian() -> list[float]:
    values = [math.exp(-(offset**2) / (2 * SIGMA**2)) for offset in range(-RADIUS, RADIUS + 1)]
    return [value / sum(values) for value in values]


WEIGHTS = _gaussian()


def channel_weights(channels: int) -> list[list[float]]:
    """For each channel the weights of all in the window that spans them, (channels, channels)."""
    # Replicated borders gather the weights of all that lies outside on the first and the last channel.
    weights = [[0.0] * channels for _ in range(channels)]
    for centre in range(channels):
        for offset, weight in enumerate(WEIGHTS, start=-RADIUS):
            weights[centre][min(max(centre + offset, 0), channels - 1)] += weight
    return weights


def ssim_map(moments: Sequence[Array]) -> Array:
    """SSIM at every pixel, of the windowed means of s = x + y - 255, d = x - y, s² and d², of one shape.

    Sum and difference carry what SSIM asks of two images x and y in four filtered planes in place of five,
    and with the sum centred on zero, float32 is exact up to the filtering. With S = μs + 255 and σ² for
    variances:

        (2 μx μy + C1) / (μx² + μy² + C1) = (S² - μd² + 2 C1) / (S² + μd² + 2 C1)
        (2 σxy + C2) / (σx² + σy² + C2)   = (σs² - σd² + 2 C2) / (σs² + σd² + 2 C2)

    so that rounding errors hardly matter where the images are alike.
    """
    # Written in place: fresh memory for each step would cost more than the arithmetic.
    mean_sum, mean_difference, square_sum, square_difference = moments
    variance_sum = square_sum - mean_sum * mean_sum
    variance_sum += 2 * C2
    sum_term = mean_sum + 255
    sum_term *= sum_term
    sum_term += 2 * C1
    mean_difference_squared = mean_difference * mean_difference
    variance_difference = square_difference - mean_difference_squared
    ssim = sum_term - mean_difference_squared
    ssim *= variance_sum - variance_difference
    sum_term += mean_difference_squared
    variance_sum += variance_difference
    sum_term *= variance_sum
    ssim /= sum_term
    return ssim
