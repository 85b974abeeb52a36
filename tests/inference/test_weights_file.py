import hashlib
import json
import os
import struct
import warnings
import zipfile

import numpy as np
import pytest
import torch

from fcn_plugin import Deblurrer
from fcn_plugin.errors import InputError
from fcn_plugin.inference import weights_file
from fcn_plugin.inference.weights_file import read_weights, write_weights
from fcn_plugin.tensor_file import METADATA_KEY, read_content

from ..test_checkpoints import Hostile
from .conftest import random_fcn

SKIPS = {"rim": {"skips": "first"}}


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_file_says_all_that_is_needed(tmp_path, suffix, dtype):
    network = random_fcn(grids=((3, 1), (1, 2), (1, 1)), **SKIPS)
    path = tmp_path / f"weights.{suffix}"
    told = {"network": {"grids": network.grids, **SKIPS}, "training": {"crop_size": [48, 64]}, "note": "ours"}
    sha256 = write_weights(path, network, told, dtype)
    weights = read_weights(path)
    assert weights.sha256 == sha256
    assert weights.crop_size == (48, 64)
    assert weights.metadata["note"] == "ours"
    assert weights.network.grids == network.grids
    image = torch.rand(1, 3, 30, 40)
    with torch.inference_mode():
        difference = (weights.network(image) - network(image)).abs().max()
    assert difference == 0 if dtype == torch.float32 else 0 < difference < 1e-2


def test_other_suffixes_are_refused(tmp_path, network):
    with pytest.raises(InputError, match=r"weights files end in .pth or .safetensors"):
        write_weights(tmp_path / "weights.bin", network, {})


@pytest.mark.parametrize(
    ("crop_size", "wanted"), [([96, 128], (96, 128)), (96, None), ([0, 1], None), (["a", "b"], None)]
)
def test_a_crop_size_is_two_lengths_or_not_known(tmp_path, network, crop_size, wanted):
    path = tmp_path / "weights.pth"
    write_weights(path, network, {"training": {"crop_size": crop_size}})
    assert read_weights(path).crop_size == wanted


def test_nothing_in_a_hostile_file_runs(tmp_path, network):
    proof = tmp_path / "proof"
    path = tmp_path / "weights.pth"
    torch.save({"state_dict": network.state_dict(), "metadata": Hostile(str(proof))}, path)
    with pytest.raises(InputError, match=r"weights\.pth: refused, because .* run code"):
        Deblurrer(path)

    # A registry builds whatever a type names, and MMEngine executes the text of a config.
    made = {"type": "os.mkdir", "path": str(proof)}
    write_weights(path, network, {"network": {"processing_block": made, "rim": made}})
    Deblurrer(path)
    program = f"import os\nos.mkdir({str(proof)!r})\nmodel = dict(network=os.mkdir({str(proof)!r}))"
    torch.save({"state_dict": network.state_dict(), "meta": {"cfg": program}}, path)
    Deblurrer(path)
    assert not proof.exists()


def compressed(path):
    """What torch reads, but a thousandth of the size."""
    torch.save({"weight": torch.zeros(2**20)}, path)
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def expanded(path):
    """A petabyte, by stepping over the same number again and again."""
    state_dict = random_fcn().state_dict()
    state_dict["global_feature_catchers.0.shallow.weight"] = torch.zeros(1).expand(10**13, 3, 3, 3)
    torch.save(state_dict, path)


def numbers(path):
    torch.save({"state_dict": {"global_feature_catchers.0.shallow.weight": 7}}, path)


def not_finite(path):
    state_dict = random_fcn().state_dict()
    state_dict["global_feature_catchers.0.shallow.weight"][0] = float("nan")
    torch.save(state_dict, path)


def cyclic_metadata(path):
    metadata = {}
    metadata["metadata"] = metadata
    torch.save({"state_dict": random_fcn().state_dict(), "metadata": metadata}, path)


def endless_metadata(path):
    """A few bytes of lists of lists, ten to the twentieth of values as text."""
    values = ["x"]
    for _ in range(20):
        values = [values] * 10
    meta = {"cfg": values, "experiment_name": values, "dataset_meta": {"blur": values}}
    torch.save({"state_dict": random_fcn().state_dict(), "meta": meta}, path)


def huge_padding(path):
    """To 61·59·53 rows, of an image of any size."""
    grids = [[61, 1], [59, 1], [53, 1], [1, 1]]
    write_weights(path, random_fcn(), {"network": {"grids": grids}})


def nested(tensor):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls it a prototype
        return torch.nested.nested_tensor([tensor, tensor])


def quantized(tensor):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch deprecates it
        return torch.quantize_per_tensor(tensor, 0.1, 0, torch.qint8)


@pytest.mark.parametrize(
    "change",
    [
        torch.Tensor.to_sparse,
        quantized,
        nested,
        lambda tensor: tensor.to("meta"),
        lambda tensor: tensor.to(torch.complex64),
        lambda tensor: tensor.int(),
        lambda tensor: tensor.to(torch.float8_e5m2),
    ],
)
def test_tensors_of_other_kinds_are_refused_in_a_sentence(tmp_path, network, change):
    state_dict = network.state_dict()
    name = "global_feature_catchers.1.shallow.weight"
    state_dict[name] = change(state_dict[name])
    path = tmp_path / "weights.pth"
    torch.save(state_dict, path)
    with pytest.raises(InputError, match=rf"weights\.pth: .*'{name}' is no plain tensor of floating-point"):
        read_weights(path)


def test_what_a_file_hangs_onto_tensors_is_left_behind(tmp_path, network):
    state_dict = network.state_dict()
    tensor = state_dict["global_feature_catchers.0.shallow.weight"]
    tensor.numel = tensor.float = 7  # in place of methods
    path = tmp_path / "weights.pth"
    torch.save(state_dict, path)
    weight = read_weights(path).network.global_feature_catchers[0].shallow.weight
    assert not vars(weight)


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors", "weights.onnx", "Gewichte ü"])
@pytest.mark.parametrize("written", ["written.pth", "written.safetensors"])
def test_files_are_known_by_their_content(tmp_path, network, name, written):
    sha256 = write_weights(tmp_path / written, network, {"note": "ours"})
    path = (tmp_path / written).rename(tmp_path / name)
    weights = read_weights(path)
    assert (weights.sha256, weights.metadata["note"]) == (sha256, "ours")


def test_a_name_that_no_file_can_have_is_of_no_file():
    for name in ("x" * 5000, "a\0b"):
        with pytest.raises(InputError, match="there is no such file"):
            read_weights(name)


def test_links_are_followed(tmp_path, weights):
    link = tmp_path / "link"
    link.symlink_to(weights)
    assert read_weights(link).sha256 == read_weights(weights).sha256
    weights.unlink()
    with pytest.raises(InputError, match="link: there is no such file"):
        read_weights(link)


def test_the_sha256_is_of_what_was_read(weights, monkeypatch):
    """Even where the file is replaced meanwhile."""
    content = weights.read_bytes()

    def read_and_replace(path):
        found = read_content(path)
        path.write_bytes(b"another file")
        return found

    monkeypatch.setattr(weights_file, "read_content", read_and_replace)
    assert read_weights(weights).sha256 == hashlib.sha256(content).hexdigest()


def test_metadata_that_json_does_not_know_become_text(tmp_path, network):
    path, again = tmp_path / "weights.pth", tmp_path / "weights.safetensors"
    metadata = {"a tensor": torch.ones(1), "a set": {1}, 7: "seven", "PSNR": 30.1}
    torch.save({"state_dict": network.state_dict(), "metadata": metadata}, path)
    weights = read_weights(path)
    assert weights.metadata["a set"] == "{1}"
    write_weights(again, weights.network, weights.metadata)
    assert read_weights(again).metadata == weights.metadata


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_weights_that_float16_cannot_hold_are_not_written(tmp_path, network, suffix):
    network.global_feature_catchers[0].shallow.weight.data[0, 0, 0, 0] = 1e5
    path = tmp_path / f"weights.{suffix}"
    with pytest.raises(InputError, match=r"not written, because .*shallow\.weight .* torch\.float16; use"):
        write_weights(path, network, {}, torch.float16)
    assert not path.exists()


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (compressed, "refused, because it is compressed"),
        (expanded, "refused, because its tensors claim to be larger than the file"),
        (numbers, "shallow.weight' is no plain tensor of floating-point numbers"),
        (not_finite, "NaN or infinite"),
        (lambda path: torch.save({"weight": torch.ones(2)}, path), "holds no weights of FCN"),
        (lambda path: torch.save({"state_dict": [1]}, path), "its state_dict is a list"),
        (lambda path: None, "there is no such file"),
        (lambda path: path.mkdir(), "is a folder, pipe or device"),
        (os.mkfifo, "is a folder, pipe or device"),
        (lambda path: path.write_bytes(b"\xff\xd8\xff\xe0 a photograph"), "begins as no file of PyTorch's"),
        (cyclic_metadata, "its metadata are no plain values"),
        (endless_metadata, "its metadata are no plain values .more of them than any"),
        (huge_padding, "pads images to multiples of"),
    ],
)
def test_what_are_no_weights_is_refused_in_a_sentence(tmp_path, write, sentence):
    path = tmp_path / "weights.pth"
    write(path)
    with pytest.raises(InputError, match=rf"weights\.pth: .*{sentence}"):
        read_weights(path)


def with_header(header: dict | bytes, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        with_header({}, length=2**60),
        with_header(b"{" * 100),
        with_header({"weight": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}),
        with_header({"weight": {"dtype": "F32", "shape": [4], "data_offsets": [0, 8]}}) + bytes(8),
        with_header({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}}) + bytes(4),
        with_header({"weight": {"dtype": "F8_E8M0", "shape": [1], "data_offsets": [0, 1]}}) + bytes(1),
        with_header({"weight": {"dtype": "F32", "shape": [2**64 - 1, 0], "data_offsets": [0, 0]}}),
        with_header(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":7}') + bytes(4),
        with_header({"__metadata__": {METADATA_KEY: 7}}),
        with_header({"__metadata__": {METADATA_KEY: "[" * 10**5}}),
    ],
)
def test_lying_headers_of_safetensors_are_refused(tmp_path, content):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"weights\.safetensors: damaged"):
        read_weights(path)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_any_damage_is_an_input_error_or_harmless(tmp_path, suffix):
    """Bytes changed at random; where that is not noticed, there is a network all the same."""
    generator = np.random.default_rng(0)
    path = tmp_path / f"weights.{suffix}"
    write_weights(path, random_fcn(stages=1, pyramid_widths=(2, 2), width=2), {})
    content = np.frombuffer(path.read_bytes(), np.uint8)
    refused = 0
    for _ in range(60):
        damaged = content.copy()
        damaged[generator.integers(len(content), size=3)] = generator.integers(256, size=3)
        path.write_bytes(damaged.tobytes())
        try:
            assert read_weights(path).network.grids == ((1, 1),)
        except InputError:
            refused += 1
    assert refused > 10


def test_safetensors_are_plain_safetensors(tmp_path, network):
    """Others can read ours, and files that others wrote, without metadata, are read."""
    from safetensors.torch import load_file, save_file

    ours, theirs = tmp_path / "ours.safetensors", tmp_path / "theirs.safetensors"
    write_weights(ours, network, {})
    tensors = load_file(ours)
    assert tensors.keys() == network.state_dict().keys()
    save_file(tensors, theirs)
    assert read_weights(theirs).metadata.keys() == {"network"}
