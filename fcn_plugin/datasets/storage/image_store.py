"""What every place that images are read from offers."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from fcn_plugin.errors import InputError


class ImageStore(Protocol):
    """Images by key: a relative path without extension, its parts joined by ``/``.

    Attributes:
        location: Where the images are, for messages.
        info: What the store says of itself, such as ``dataset``, ``split`` and ``blur``; may be empty.
    """

    location: str
    info: Mapping[str, Any]

    def keys(self) -> list[str]:
        """All keys, sorted."""

    def size(self, key: str) -> tuple[int, int]:
        """Height and width in pixels, without decoding the image."""

    def read(self, key: str) -> np.ndarray:
        """The image, height × width × 3, RGB, uint8; not to be written into, for it may be mapped from disk.

        Raises:
            InputError: There is no such image, or it cannot be used.
        """


def unknown_key(store: ImageStore, key: str) -> InputError:
    """The error for a key that ``store`` does not list."""
    return InputError(f"{store.location} has no image {key!r}; its keys look like {store.keys()[0]!r}.")
