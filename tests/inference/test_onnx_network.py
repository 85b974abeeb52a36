import sys

import numpy as np
import pytest
from PIL import Image

from fcn_plugin import Deblurrer
from fcn_plugin.errors import InputError
from fcn_plugin.inference.command import main
from fcn_plugin.inference.onnx_network import OnnxNetwork


def test_the_file_serves_as_weights(exported, photograph):
    deblur, reference = (Deblurrer(path, device="cpu") for path in (exported.onnx, exported.weights))
    image = photograph.astype(np.float32) / 255
    np.testing.assert_allclose(deblur.restore(image), reference.restore(image), atol=1e-5)
    for stage, expected in zip(deblur.stages(image), reference.stages(image), strict=True):
        np.testing.assert_allclose(stage, expected, atol=1e-5)
    first, second = deblur([photograph, photograph[::-1].copy()])
    assert first.dtype == np.uint8
    np.testing.assert_allclose(second, reference(photograph[::-1].copy()), atol=1)
    assert deblur.description["weights"] == exported.weights.name


def test_the_command_runs_the_file(exported, photograph, tmp_path):
    Image.fromarray(photograph).save(tmp_path / "photo.png")
    words = [str(tmp_path / "photo.png"), "--onnx", str(exported.onnx), "-o", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as exited:
        main([*words, "--device", "cpu"])
    assert exited.value.code == 0
    restored = np.asarray(Image.open(tmp_path / "out/photo.png"))
    np.testing.assert_allclose(restored, Deblurrer(exported.weights, device="cpu")(photograph), atol=1)
    assert (restored != photograph).any()


def test_a_missing_onnxruntime_is_named(exported, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"network.onnx: is run by onnxruntime, which is not installed"):
        OnnxNetwork(exported.onnx)


@pytest.mark.parametrize(
    "damage", [lambda content: b"", lambda content: b"no protobuf", lambda content: content[:-999]]
)
def test_damaged_files_are_refused_in_one_sentence(exported, tmp_path, damage):
    path = tmp_path / "damaged.onnx"
    path.write_bytes(damage(exported.onnx.read_bytes()))
    with pytest.raises(InputError, match=r"damaged.onnx: damaged, or no ONNX file"):
        OnnxNetwork(path)


def test_networks_of_other_origin_are_refused(tmp_path):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    blurry, restored = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1])
        for name in ("blurry", "restored")
    )
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", ["blurry"], ["restored"])], "other", [blurry], [restored]
    )
    path = tmp_path / "other.onnx"
    onnx.save(
        onnx.helper.make_model(graph, ir_version=10, opset_imports=[onnx.helper.make_opsetid("", 18)]), path
    )
    with pytest.raises(InputError, match=r"other.onnx: holds a network of other origin"):
        OnnxNetwork(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"missing.onnx: cannot be read"):
        OnnxNetwork(tmp_path / "missing.onnx")
