import os

import numpy as np
import pytest

from fcn_plugin.datasets.storage.encoder_pool import encoder_pool
from fcn_plugin.errors import InputError


class KillsItsProcess:
    """A store whose second image ends the process that reads it, but not the one it was made in."""

    location = "a deadly store"
    info = {}  # noqa: RUF012

    def __init__(self):
        self.made_in = os.getpid()

    def read(self, key):
        if key == "b" and os.getpid() != self.made_in:
            os._exit(1)
        return np.zeros((8, 8, 3), np.uint8)


def test_killed_worker_is_an_error():
    with (
        encoder_pool([KillsItsProcess()], "png", workers=1) as encode,
        pytest.raises(InputError, match="A worker was killed, often for lack of memory; use fewer"),
    ):
        list(encode(0, ["a", "b", "c"]))
