"""What many tests need: pairs on disk, and the demo's config cut down to seconds."""

import os
import signal
import zipfile
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

# Where the tests run in several processes, one thread each: more of them would fight over the cores. Read by
# the processes that tests start; what is imported above starts no threads yet.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

# A shell lets what it starts in the background ignore Ctrl-C, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

PROJECT = Path(__file__).resolve().parents[1]


def draw_zeros(network: torch.nn.Module, std: float = 0.1) -> torch.nn.Module:
    """Draws the weights of FCN that start at zero: only then can it be seen what its features do."""
    for name, parameter in network.named_parameters():
        if "prediction_head" in name or "laterals" in name:
            torch.nn.init.normal_(parameter, std=std)
    return network


def write_pairs(folder: Path, count: int, size: tuple[int, int] = (32, 40)) -> None:
    """Writes ``count`` pairs of smooth random RGB images to ``folder/blur`` and ``folder/sharp``."""
    generator = np.random.default_rng(count)
    for name in ("blur", "sharp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for index in range(count):
        coarse = generator.integers(0, 256, (6, 8, 3), np.uint8)
        sharp = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
        blurry = cv2.blur(sharp, (5, 1))
        cv2.imwrite(str(folder / "sharp" / f"{index:03}.png"), sharp)
        cv2.imwrite(str(folder / "blur" / f"{index:03}.png"), blurry)


def assert_same_pairs(first, second) -> None:
    """Compares the keys and images of two paired datasets."""
    assert first.keys() == second.keys()
    for index in range(len(first)):
        for name in ("img", "gt"):
            np.testing.assert_array_equal(first[index][name], second[index][name])


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A folder with ``train`` (8 pairs) and ``test`` (5 pairs)."""
    write_pairs(tmp_path / "pairs" / "train", 8)
    write_pairs(tmp_path / "pairs" / "test", 5)
    return tmp_path / "pairs"


@pytest.fixture
def write_zip():
    """Packs a folder's content into an archive, below ``top``; returns the archive."""

    def write(archive, folder, top="", compression=zipfile.ZIP_DEFLATED):
        archive.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archive, "w", compression) as opened:
            for path in sorted(folder.rglob("*")):
                opened.write(path, Path(top, path.relative_to(folder)))
        return archive

    return write


def tiny_options(pairs: Path, epochs: int = 2) -> dict:
    """Overrides of ``configs/fcn_demo.py`` for a run of seconds on ``pairs``."""
    return {
        "model.network.width": 4,
        "model.network.pyramid_widths": [4, 6, 8],
        "train_dataloader.batch_size": 2,
        "train_dataloader.dataset.times": 1,
        "train_dataloader.dataset.dataset.input": str(pairs / "train" / "blur"),
        "train_dataloader.dataset.dataset.target": str(pairs / "train" / "sharp"),
        "train_dataloader.dataset.dataset.pipeline.0.size": 16,
        "val_dataloader.dataset.input": str(pairs / "test" / "blur"),
        "val_dataloader.dataset.target": str(pairs / "test" / "sharp"),
        "test_dataloader.dataset.input": str(pairs / "test" / "blur"),
        "test_dataloader.dataset.target": str(pairs / "test" / "sharp"),
        "train_cfg.max_epochs": epochs,
        "train_cfg.val_interval": 1,
        "default_hooks.checkpoint.interval": 1,
        "default_hooks.logger.interval": 1,
    }


TINY_PEERS = {
    "NAFNet": {"width": 4, "enc_blk_nums": [1, 1], "middle_blk_num": 1, "dec_blk_nums": [1, 1]},
    "Restormer": {"dim": 8, "num_blocks": [1, 1, 1, 1], "num_refinement_blocks": 1},
    "MPRNet": {"n_feat": 8, "scale_unetfeats": 4, "scale_orsnetfeats": 4, "num_cab": 1},
}
"""Options of other papers' networks, by spandrel's name of them, for tests."""


@pytest.fixture
def spandrel() -> ModuleType:
    """The package that other papers' networks come from; without it, the test is skipped."""
    try:
        import spandrel
        import spandrel_extra_arches  # noqa: F401
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"spandrel cannot be imported ({error}); docs/peers.md says how to install it")
    return spandrel


@pytest.fixture
def pyiqa() -> ModuleType:
    """The package that LPIPS and NIQE come from; without it, the test is skipped."""
    try:
        import pyiqa
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"pyiqa cannot be imported ({error}); docs/metrics.md says how to install it")
    return pyiqa


@pytest.fixture
def tiny_config(pairs: Path, tmp_path: Path) -> Config:
    """The demo's config on ``pairs``, two epochs of four iterations, working in ``tmp_path/work``."""
    from fcn_plugin.engine.launch import load_config  # not for tests that need no torch

    return load_config("configs/fcn_demo.py", tiny_options(pairs), str(tmp_path / "work"))
