"""A weights file of a tiny FCN, and photographs to restore."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
import torch

from fcn_plugin import Deblurrer
from fcn_plugin.inference.onnx_export import OLDEST_TORCH
from fcn_plugin.inference.weights_file import write_weights
from fcn_plugin.models import FCN

from ..conftest import PROJECT, draw_zeros


def random_fcn(seed: int = 0, **options) -> FCN:
    """A tiny FCN all of whose weights are drawn, so that it changes what it sees, by a few per cent."""
    torch.manual_seed(seed)
    network = FCN(**{"width": 4, "pyramid_widths": (4, 6, 8), **options})
    return draw_zeros(network, std=0.02).eval()


@pytest.fixture
def network() -> FCN:
    return random_fcn()


@pytest.fixture
def weights(tmp_path: Path, network: FCN) -> Path:
    """A file with ``network``'s weights and nothing else."""
    path = tmp_path / "weights.pth"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture
def photograph() -> np.ndarray:
    """uint8 RGB (40, 52, 3)."""
    coarse = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(coarse, (52, 40), interpolation=cv2.INTER_CUBIC)


class Exported(NamedTuple):
    """What tools/export_onnx.py made of a weights file."""

    weights: Path
    onnx: Path
    printed: str


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> Exported:
    """A small network, exported once: it takes seconds."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    if torch.__version__ < OLDEST_TORCH:
        pytest.skip(f"exporting to ONNX needs PyTorch {OLDEST_TORCH}")
    folder = tmp_path_factory.mktemp("onnx")
    weights, onnx = folder / "weights.pth", folder / "network.onnx"
    network = random_fcn(stages=3, pyramid_widths=(4, 6), processing_block={"stacks": 1})
    # Windows of 24×24 to 48×48 pixels.
    write_weights(weights, network, {"training": {"crop_size": [48, 48]}})
    command = [sys.executable, str(PROJECT / "tools/export_onnx.py"), str(weights), str(onnx)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return Exported(weights, onnx, result.stdout)


class Served(NamedTuple):
    """A web page that takes at most 5000 pixels and 0.2 MB, and what restores its photographs."""

    address: str
    deblur: Deblurrer


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[Served]:
    pytest.importorskip("gradio")
    from fcn_plugin.inference.web import Limits, open_page

    class OneByOne(Deblurrer):
        """Notes when it restores, and when it is done."""

        calls: list[tuple[float, float]]

        def restore(self, image):
            start = time.perf_counter()
            restored = super().restore(image)
            self.calls.append((start, time.perf_counter()))
            return restored

    weights = tmp_path_factory.mktemp("served") / "weights.pth"
    torch.save(random_fcn().state_dict(), weights)
    deblur = OneByOne(weights, device="cpu")
    deblur.calls = []
    with open_page(deblur, limits=Limits(megapixels=0.005, megabytes=0.2)) as address:
        yield Served(address, deblur)
