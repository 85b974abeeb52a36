"""What the tests of ``configs/mixing`` share: when they are skipped, real pairs, and one way to train."""

import importlib.util
import json
import math
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from ..conftest import PROJECT
from ..tools.test_command_lines import python, run

DEMO = PROJECT / "data" / "demo"


def needs(*toolboxes: str) -> pytest.MarkDecorator:
    """Skips a test where one of the toolboxes is not installed. Nothing is imported to find out."""
    missing = [name for name in toolboxes if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(
        bool(missing), reason=f"no {', '.join(missing)}; tools/mixing/install.sh makes an environment with it"
    )


@pytest.fixture(scope="session")
def _toolboxes_import():
    """Lets this process import the toolboxes, as ``tools/mixing/train.py`` does for its own."""
    path = PROJECT / "tools" / "mixing" / "compatibility.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    before = sys.modules.get(module.EXTENSION)
    module.let_toolboxes_import()
    yield
    if before is None:
        sys.modules.pop(module.EXTENSION, None)


@pytest.fixture(scope="module")
def gopro(tmp_path_factory) -> Path:
    """The embedded pairs, laid out as GoPro's official release."""
    root = tmp_path_factory.mktemp("GoPro")
    for split in ("train", "test"):
        shutil.copytree(DEMO / split, root / split / "GOPR0000_11_22")
    return root


class Trained(NamedTuple):
    """What a run of ``tools/mixing/train.py`` left behind."""

    work_dir: Path
    losses: list[float]
    """One for each iteration."""
    scores: list[dict[str, Any]]
    """One for each validation."""

    def check(self, *scores: str) -> None:
        """Four iterations ran and their losses are numbers, as are the last validation's ``scores``."""
        assert len(self.losses) == 4
        assert all(map(math.isfinite, [*self.losses, *(self.scores[-1][name] for name in scores)]))

    def check_efem_learned(self, checkpoint: str, norm: str) -> None:
        """EFEM's layer normalisation, whose weight has the name ``norm``, is no longer where it starts."""
        weight = self.weights(checkpoint)[norm]
        assert not torch.equal(weight, torch.ones_like(weight))

    def weights(self, name: str) -> dict[str, torch.Tensor]:
        return torch.load(self.work_dir / name, weights_only=True)["state_dict"]


def train(config: str, work_dir: Path, *words: str) -> Trained:
    """Trains ``configs/mixing/CONFIG.py`` as a user does; ``words`` are more of the command line."""
    command = python("mixing/train.py", f"configs/mixing/{config}.py", "--work-dir", str(work_dir), *words)
    result = run(command, work_dir.parent)
    assert result.returncode == 0, result.stderr
    (log,) = work_dir.glob("*/vis_data/scalars.json")
    records = [json.loads(line) for line in log.read_text().splitlines()]
    losses = [record["loss"] for record in records if "loss" in record]
    return Trained(work_dir, losses, [record for record in records if "loss" not in record])
