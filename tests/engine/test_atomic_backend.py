import os

import pytest
import torch
from mmengine.fileio import get_file_backend
from mmengine.runner import save_checkpoint

import fcn_plugin.engine  # noqa: F401  registers the backend
from fcn_plugin import files
from fcn_plugin.errors import InputError


def test_a_checkpoint_that_cannot_be_written_whole_leaves_the_old_one(tmp_path, monkeypatch):
    path = str(tmp_path / "model.pth")
    save_checkpoint({"epoch": 1}, path, backend_args={"backend": "atomic"})

    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", no_space)
    with pytest.raises(InputError, match=r"model\.pth cannot be written \(No space left"):
        save_checkpoint({"epoch": 2}, path, backend_args={"backend": "atomic"})
    assert torch.load(path) == {"epoch": 1}
    assert os.listdir(tmp_path) == ["model.pth"]


def test_text(tmp_path):
    backend = get_file_backend(backend_args={"backend": "atomic"})
    backend.put_text("×", tmp_path / "text")
    assert backend.get_text(tmp_path / "text") == "×"
