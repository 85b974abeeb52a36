import json
import sys
import types

import numpy as np
import pytest
import torch
from PIL import Image

from fcn_plugin import Deblurrer
from fcn_plugin.errors import InputError
from fcn_plugin.inference.command import main
from fcn_plugin.inference.deblurrer import SMALLEST_TILE
from fcn_plugin.inference.onnx_network import OnnxNetwork
from fcn_plugin.inference.weights_file import read_weights
from fcn_plugin.tensor_file import METADATA_KEY

ENOUGH = {"mode": "local", "tile_step": 8, "bytes_per_pixel": 9.0}
"""The metadata that a file must have."""


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


def test_large_images_go_through_in_tiles_as_with_torch(exported, monkeypatch):
    deblur = Deblurrer(exported.onnx, device="cpu")
    reference = Deblurrer(exported.weights, device="cpu")
    assert deblur.network.bytes_per_pixel(deblur.dtype) > 2 * reference.network.bytes_per_pixel(torch.float32)
    # With an arena it takes more: 4.3 GB where 4 are allowed, for a photograph of 40 megapixels.
    assert not deblur.network.session.get_session_options().enable_cpu_mem_arena
    shapes = []
    run = deblur.network.session.run

    class Session:
        def run(self, outputs, inputs):
            shapes.extend(images.shape[2:] for images in inputs.values())
            return run(outputs, inputs)

    monkeypatch.setattr(deblur.network, "session", Session())
    image = np.random.default_rng(0).random((330, 500, 3), np.float32)
    whole = deblur.restore(image)
    assert shapes == [(330, 500)]
    spare = 330 * 330 * deblur._bytes_per_pixel(1) + image.nbytes
    monkeypatch.setattr("fcn_plugin.inference.deblurrer.spare_memory", lambda *_: spare)
    tiled = deblur.restore(image)
    assert len(shapes) > 2
    assert max(shapes[1:]) <= (330, 330)
    np.testing.assert_allclose(tiled, whole, atol=1 / 255)


@pytest.mark.parametrize("words", ["Failed to allocate memory for requested buffer of size 9", "bad_alloc"])
def test_running_out_of_memory_halves_the_tiles(exported, photograph, monkeypatch, words):
    from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException

    deblur = Deblurrer(exported.onnx, device="cpu")
    shapes = []

    class Session:
        def run(self, outputs, inputs):
            shapes.append(inputs["blurry"].shape[2:])
            if max(shapes[-1]) > SMALLEST_TILE:
                raise RuntimeException(words)
            return list(inputs.values())

    monkeypatch.setattr(deblur.network, "session", Session())
    monkeypatch.setattr(Deblurrer, "_fitting_tile", lambda *_: 2 * SMALLEST_TILE)
    image = np.random.default_rng(0).random((400, 400, 3), np.float32)
    np.testing.assert_allclose(deblur.restore(image), image, atol=1e-6)
    assert shapes[:2] == [(400, 400), (400, 400)]


def test_what_onnxruntime_cannot_do_is_a_sentence(exported, photograph):
    deblur = Deblurrer(exported.onnx, device="cpu")
    deblur.network.stages = ["no such output"]
    with pytest.raises(InputError, match=r"could not run the network on an image of 52×40 \("):
        deblur.stages(photograph.astype(np.float32) / 255)


def test_stages_are_in_order_of_their_numbers(exported, monkeypatch):
    names = ["stage_10", "restored", *(f"stage_{number}" for number in range(10))]
    content = exported.onnx.read_bytes()
    session = OnnxNetwork(content).session
    outputs = [types.SimpleNamespace(name=name) for name in names]
    monkeypatch.setattr(type(session), "get_outputs", lambda _: outputs)
    assert OnnxNetwork(content).stages == [*(f"stage_{number}" for number in range(11)), "restored"]


def test_a_missing_onnxruntime_is_named(exported, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"network.onnx: ONNX is run by onnxruntime, which is not installed"):
        read_weights(exported.onnx)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda content: content[:-999], "damaged, or no ONNX file"),
        (lambda content: content[:1], "damaged, or no ONNX file"),
        (lambda content: b"", "damaged, or no weights file"),
        (lambda content: b"no protobuf", "damaged, or no weights file"),
    ],
)
def test_damaged_files_are_refused_in_one_sentence(exported, tmp_path, damage, sentence):
    path = tmp_path / "damaged.onnx"
    path.write_bytes(damage(exported.onnx.read_bytes()))
    with pytest.raises(InputError, match=rf"damaged\.onnx: {sentence}"):
        read_weights(path)


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
    model = onnx.helper.make_model(graph, ir_version=10, opset_imports=[onnx.helper.make_opsetid("", 18)])
    # With the metadata of ours all the same.
    model.metadata_props.add(key=METADATA_KEY, value=json.dumps(ENOUGH))
    onnx.save(model, path)
    with pytest.raises(InputError, match=r"other.onnx: holds a network of other origin"):
        read_weights(path)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        "",
        "{",
        "[" * 10**5,
        "[1]",
        "{}",
        json.dumps({"mode": "local"}),
        json.dumps({**ENOUGH, "mode": ["local"]}),
        json.dumps({**ENOUGH, "tile_step": [8, 8]}),
        json.dumps({**ENOUGH, "tile_step": 0}),
        json.dumps({**ENOUGH, "tile_step": 10**9}),
        json.dumps({**ENOUGH, "tile_step": "8"}),
        json.dumps({**ENOUGH, "bytes_per_pixel": float("nan")}),
        json.dumps({**ENOUGH, "bytes_per_pixel": "9"}),
    ],
)
def test_metadata_that_say_too_little_are_refused(exported, tmp_path, metadata):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(exported.onnx)
    del model.metadata_props[:]
    if metadata is not None:
        model.metadata_props.add(key=METADATA_KEY, value=metadata)
    path = tmp_path / "network.onnx"
    onnx.save(model, path)
    with pytest.raises(InputError, match=r"network.onnx: holds a network of other origin"):
        read_weights(path)


def test_it_computes_where_and_as_it_is_told_or_says_that_it_cannot(exported):
    assert Deblurrer(exported.onnx, device="cpu", dtype="float32").dtype == torch.float32
    with pytest.raises(
        InputError, match="dtype 'bfloat16' is not to be had with these weights: choose float32"
    ):
        Deblurrer(exported.onnx, dtype="bfloat16")
    network = read_weights(exported.onnx).network
    network.run(torch.device("cpu"), network.modes[0])
    with pytest.raises(InputError, match=r"onnxruntime cannot compute on xpu here: .* choose cpu"):
        network.run(torch.device("xpu"), network.modes[0])


def test_without_a_gpu_the_command_says_so(exported, capsys, monkeypatch):
    """Where torch has one and onnxruntime has none, which is what `pip install onnxruntime` brings."""
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has a GPU")
    monkeypatch.setattr(torch, "zeros", lambda *_, device: torch.tensor(0.0))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert Deblurrer(exported.onnx).device.type == "cpu"
    with pytest.raises(SystemExit):
        main(["photo.jpg", "--onnx", str(exported.onnx), "--device", "cuda"])
    assert capsys.readouterr().err.startswith("error: onnxruntime cannot compute on cuda here: install")
