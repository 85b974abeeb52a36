import os
import pickle

import pytest
import torch

from fcn_plugin.checkpoints import check_resumable, read_checkpoint
from fcn_plugin.errors import InputError


class Hostile:
    """Unpickling this makes a file: proof that something ran."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.fixture(params=["default", "unsafe environment"])
def environment(request, monkeypatch):
    if request.param != "default":
        monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")


@pytest.mark.parametrize("save", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))])
def test_nothing_in_a_hostile_checkpoint_runs(tmp_path, environment, save):
    path, proof = tmp_path / "hostile.pth", tmp_path / "proof"
    save({"state_dict": {}, "meta": Hostile(str(proof))}, path)
    with pytest.raises(InputError, match=r"hostile\.pth: refused, because .* run code"):
        read_checkpoint(path)
    assert not proof.exists()


def test_missing_truncated_and_other_files_are_told_apart(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read_checkpoint(tmp_path / "none.pth")

    path = tmp_path / "model.pth"
    torch.save({"state_dict": {"weight": torch.rand(1000)}}, path)
    for size in (path.stat().st_size - 100, 1000, 10, 4, 0):
        os.truncate(path, size)
        with pytest.raises(InputError, match=r"model\.pth: (truncated or )?damaged"):
            read_checkpoint(path)

    path.write_text("not a checkpoint")
    with pytest.raises(InputError, match=r"model\.pth: damaged, or no checkpoint, for it begins as no file"):
        read_checkpoint(path)

    torch.save([1, 2], path)
    with pytest.raises(InputError, match="holds a list, not a checkpoint"):
        read_checkpoint(path)


def test_best_checkpoints_cannot_be_resumed(tmp_path):
    path = tmp_path / "best.pth"
    torch.save({"state_dict": {}}, path)
    with pytest.raises(InputError, match="no optimizer state"):
        check_resumable(path)
    torch.save({"state_dict": {}, "optimizer": {}}, path)
    check_resumable(path)


def test_no_config_in_a_checkpoint_is_run_on_resuming(tmp_path):
    path, proof = tmp_path / "hostile.pth", tmp_path / "proof"
    torch.save({"optimizer": {}, "meta": {"config": f"import os; os.mkdir({str(proof)!r})"}}, path)
    with pytest.raises(InputError, match=r"hostile\.pth: refused, because MMEngine would run"):
        check_resumable(path)
    assert not proof.exists()
