"""One change for both images of a pair."""

from abc import abstractmethod
from collections.abc import Callable

import numpy as np
from mmcv.transforms import BaseTransform


class PairedTransform(BaseTransform):
    """Changes ``img`` and ``gt`` in the same way, so that they stay aligned.

    A subclass says which change by :meth:`draw`. The arrays are not written into: a change returns a
    view where it can and a new array elsewhere.
    """

    @abstractmethod
    def draw(self, results: dict) -> Callable[[np.ndarray], np.ndarray]:
        """Decides on the change of this pair, drawing at random where there is something to draw."""

    def transform(self, results: dict) -> dict:
        change = self.draw(results)
        results["img"], results["gt"] = change(results["img"]), change(results["gt"])
        return results


def random_integer(below: int) -> int:
    """Draws uniformly from 0 … ``below`` - 1."""
    # From NumPy's global generator, which every worker is seeded with; one of our own would not be.
    return int(np.random.randint(below))  # noqa: NPY002


def happens(probability: float) -> bool:
    """Draws True with the given probability."""
    return bool(np.random.random() < probability)  # noqa: NPY002
