import hashlib
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from fcn_plugin import Deblurrer
from fcn_plugin.errors import InputError
from fcn_plugin.inference import onnx_export
from fcn_plugin.inference.onnx_export import CHECKED_SHAPES, export_onnx
from fcn_plugin.inference.weights_file import read_weights

from ..conftest import PROJECT
from .conftest import random_fcn


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (6, 1), (3, 2), (17, 31), (64, 32), (45, 128)])
@pytest.mark.parametrize("batch", [1, 3])
def test_onnxruntime_alone_computes_what_torch_does(exported, batch, size):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(exported.onnx, providers=["CPUExecutionProvider"])
    images = torch.rand(batch, 3, *size, generator=torch.Generator().manual_seed(1))
    outputs = session.run(["stage_0", "stage_1", "restored"], {"blurry": images.numpy()})
    network = Deblurrer(exported.weights, device="cpu", mode="local").network.fcn
    with torch.inference_mode():
        expected = network.predict_stages(images)
    for output, prediction in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(output, prediction, atol=1e-5)
    assert size == (1, 1) or np.abs(outputs[-1] - images.numpy()).max() > 1e-3


def test_the_file_says_what_goes_in_and_out_and_nothing_of_this_machine(exported):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(exported.onnx)
    onnx.checker.check_model(model, full_check=True)
    assert [value.name for value in model.graph.input] == ["blurry"]
    assert [value.name for value in model.graph.output] == ["restored", "stage_0", "stage_1"]
    for value in (*model.graph.input, *model.graph.output):
        shape = [side.dim_param or side.dim_value for side in value.type.tensor_type.shape.dim]
        assert shape == ["batch", 3, "height", "width"]
    content = exported.onnx.read_bytes()
    assert str(PROJECT).encode() not in content
    assert b"site-packages" not in content


def test_the_greatest_difference_is_printed(exported):
    (difference,) = re.findall(r"at most (\S+) from torch", exported.printed)
    assert 0 < float(difference) < 1e-5
    assert all("×".join(map(str, shape)) in exported.printed for shape in CHECKED_SHAPES)


def test_global_statistics_are_exported_too(exported, photograph, tmp_path):
    network = random_fcn(stages=2, pyramid_widths=(4, 6), processing_block={"stacks": 1})
    path = tmp_path / "network.onnx"
    assert export_onnx(network, path) < 1e-5
    deblur = Deblurrer(path, device="cpu")
    assert deblur.mode == "global"
    with torch.inference_mode():
        expected = network(torch.from_numpy(photograph).movedim(-1, 0)[None] / 255)[0].movedim(0, -1)
    np.testing.assert_allclose(deblur(photograph), expected.clamp(0, 1) * 255, atol=0.6)
    with pytest.raises(InputError, match=r"mode 'local' is not to be had with these weights: choose global"):
        Deblurrer(path, mode="local")


def test_the_file_names_the_weights(exported):
    metadata = read_weights(exported.onnx).metadata
    assert metadata["weights"] == exported.weights.name
    assert metadata["weights_sha256"] == hashlib.sha256(exported.weights.read_bytes()).hexdigest()
    assert metadata["network"]["stages"] == 3


def test_another_result_than_torchs_is_not_written(exported, monkeypatch, tmp_path):
    """What is checked here is the file of another network than the one given."""
    monkeypatch.setattr(onnx_export, "_onnx_file", lambda *_: exported.onnx.read_bytes())
    path = tmp_path / "network.onnx"
    path.write_text("an older file")
    with pytest.raises(InputError, match=r"network.onnx: not written, .* away from torch's"):
        export_onnx(random_fcn(seed=1, stages=3, pyramid_widths=(4, 6)), path)
    assert path.read_text() == "an older file"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_package_is_named(monkeypatch, network, tmp_path):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(InputError, match=r"needs the package onnxscript, .* run `pip install"):
        export_onnx(network, tmp_path / "network.onnx")
    assert not list(tmp_path.iterdir())


def test_a_network_for_other_images_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"grey\.onnx: not written, .* restores images of 1 channels"):
        export_onnx(random_fcn(image_channels=1), tmp_path / "grey.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("tool", "out", "sentence"),
    [
        ("export_onnx.py", "a.onnx", "is exported already; give the weights it was made of"),
        ("export_weights.py", "a.pth", "is ONNX, for onnxruntime; give the weights it was made of"),
    ],
)
def test_what_is_exported_already_is_not_again(exported, tmp_path, tool, out, sentence):
    command = [sys.executable, PROJECT / "tools" / tool, exported.onnx, tmp_path / out]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == f"error: {exported.onnx}: {sentence}\n"
    assert not list(tmp_path.iterdir())


def test_where_to_is_checked_before_the_work(tmp_path):
    (tmp_path / "file").touch()
    for out, sentence in (
        ("network.pth", "is no name for an ONNX file; give one that ends in .onnx"),
        ("file/network.onnx", "cannot be written"),
    ):
        command = [sys.executable, PROJECT / "tools/export_onnx.py", tmp_path / "missing.pth", tmp_path / out]
        result = subprocess.run(command, capture_output=True, text=True)
        assert result.returncode == 1
        assert re.match(rf"error: {re.escape(str(tmp_path / out))}:? {sentence}", result.stderr), (
            result.stderr
        )


def test_a_place_that_takes_no_file_is_named_in_a_sentence(exported, monkeypatch, tmp_path):
    monkeypatch.setattr(onnx_export, "_onnx_file", lambda *_: exported.onnx.read_bytes())
    monkeypatch.setattr(onnx_export, "TOLERANCE", np.inf)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/network\.onnx cannot be written \(.* choose another place"):
        export_onnx(random_fcn(stages=3, pyramid_widths=(4, 6)), tmp_path / "file" / "network.onnx")
