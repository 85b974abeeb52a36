from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

from fcn_plugin import Deblurrer
from fcn_plugin.errors import InputError
from fcn_plugin.inference.weights_file import write_weights

from .conftest import random_fcn


@pytest.fixture
def deblur(weights):
    return Deblurrer(weights, device="cpu")


@pytest.mark.parametrize("mode", ["global", "local"])
def test_the_answer_is_the_networks(weights, network, photograph, mode):
    restored = Deblurrer(weights, device="cpu", mode=mode)(photograph)
    assert restored.dtype == np.uint8
    assert restored.shape == photograph.shape
    network.pool_locally((256, 256) if mode == "local" else None)
    with torch.inference_mode():
        expected = network(torch.from_numpy(photograph).movedim(-1, 0)[None] / 255)[0]
    np.testing.assert_allclose(restored, expected.movedim(0, -1).clamp(0, 1) * 255, atol=0.51)
    assert (restored != photograph).any()


def test_all_kinds_of_images_give_the_same(deblur, photograph, tmp_path):
    expected = deblur(photograph)
    path = tmp_path / "photo.png"
    Image.fromarray(photograph).save(path)
    tensor = torch.from_numpy(photograph).movedim(-1, 0)
    for image in (
        path,
        str(path),
        Image.fromarray(photograph),
        photograph.astype(np.uint16) * 257,
        photograph / 255,
        tensor,
        tensor / 255,
    ):
        np.testing.assert_array_equal(deblur(image), expected)
    (restored,) = deblur(tensor[None] / 255)
    np.testing.assert_array_equal(restored, expected)


def test_lists_are_batched_by_size(deblur, photograph):
    sizes = []
    deblur.network.register_forward_pre_hook(lambda _, inputs: sizes.append(tuple(inputs[0].shape)))
    images = [photograph, photograph[:30], photograph[::-1].copy()]
    restored = deblur(images)
    assert sorted(sizes) == [(1, 3, 30, 52), (2, 3, 40, 52)]
    for image, result in zip(images, restored, strict=True):
        np.testing.assert_allclose(result, deblur(image), atol=1)


def test_stages_end_with_the_answer(deblur, photograph):
    image = photograph.astype(np.float32) / 255
    stages = deblur.stages(image)
    assert len(stages) == 4
    np.testing.assert_allclose(stages[-1], deblur.restore(image), atol=1e-6)
    assert np.abs(stages[0] - stages[-1]).max() > 1e-3


def test_without_shipped_weights_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("fcn_plugin.inference.deblurrer.SHIPPED_WEIGHTS", tmp_path)
    with pytest.raises(InputError, match=r"no weights come with this version.* name a file"):
        Deblurrer()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"device": "gpu"}, "^device 'gpu' is not there; choose cpu( or cuda:0.*| or mps)?$"),
        ({"device": "xla"}, "^device 'xla' is not there; choose cpu"),
        ({"dtype": "int8"}, "choose float32 or bfloat16 or float16"),
        ({"mode": "lokal"}, "choose local or global"),
        ({"mode": "global", "tile": 512}, "takes images whole"),
        ({"mode": "local", "tile": 64}, "tiles are 320 pixels or more"),
        ({"tile": "a"}, "tiles are 320 pixels or more .* not 'a'"),
        ({"tile": True}, "tiles are 320 pixels or more"),
        ({"tile": 400.5}, "tiles are 320 pixels or more"),
        ({"max_memory": float("nan")}, "gigabytes above 0, not nan"),
        ({"max_memory": 0}, "gigabytes above 0, not 0"),
        ({"max_memory": -3}, "gigabytes above 0, not -3"),
        ({"max_memory": "x"}, "gigabytes above 0, not 'x'"),
        ({"device": "meta"}, "device 'meta' is not there; choose cpu"),
        ({"device": ["cpu"]}, "is not there; choose cpu"),
        ({"dtype": ["float32"]}, "choose float32 or bfloat16 or float16"),
    ],
)
def test_what_cannot_be_chosen_is_named(weights, options, sentence):
    with pytest.raises(InputError, match=sentence):
        Deblurrer(weights, **options)


def test_options_may_be_numpys(weights):
    deblur = Deblurrer(weights, device="cpu", tile=np.int64(400), max_memory=np.float32(64.5))
    assert (deblur.tile, deblur.max_memory) == (400, 64.5)


def test_weights_are_a_path(network):
    with pytest.raises(InputError, match="by the path of their file, not by a"):
        Deblurrer(network.state_dict())


def test_a_network_for_other_images_is_refused(tmp_path):
    path = tmp_path / "grey.pth"
    torch.save(random_fcn(image_channels=1).state_dict(), path)
    with pytest.raises(InputError, match=r"grey\.pth: restores images of 1 channels"):
        Deblurrer(path)


def test_several_threads_may_share_one(weights, photograph):
    deblur = Deblurrer(weights, device="cpu")
    images = [np.roll(photograph, shift, axis=1) for shift in range(16)]
    expected = [deblur(image) for image in images]
    again = Deblurrer(weights, device="cpu")  # which has not yet counted what it needs
    with ThreadPoolExecutor(4) as threads:
        for result, wanted in zip(threads.map(again, images), expected, strict=True):
            np.testing.assert_array_equal(result, wanted)


@pytest.mark.parametrize("mode", ["global", "local"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (300, 5)])
def test_odd_sizes_work(weights, mode, shape):
    image = np.full((*shape, 3), 128, np.uint8)
    assert Deblurrer(weights, device="cpu", mode=mode)(image).shape == image.shape


def test_a_self_ensemble_turns_with_the_image(weights, photograph):
    deblur = Deblurrer(weights, device="cpu", mode="local", self_ensemble=True)
    turned = deblur(np.rot90(photograph).copy())
    # The lattice of windows does not turn with it.
    np.testing.assert_allclose(np.rot90(turned, -1).astype(int), deblur(photograph), atol=2)


def test_bfloat16_is_near_float32(weights, photograph):
    exact, rounded = (
        Deblurrer(weights, device="cpu", dtype=dtype)(photograph).astype(int)
        for dtype in ("float32", torch.bfloat16)
    )
    assert 0 < np.abs(exact - rounded).mean() < 1


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_the_packages_weights_are_good_for_every_dtype(photograph, dtype):
    expected = Deblurrer(device="cpu", dtype="float32")(photograph)
    np.testing.assert_allclose(Deblurrer(device="cpu", dtype=dtype)(photograph), expected, atol=4)


def test_what_is_not_finite_is_not_handed_out(weights, photograph):
    deblur = Deblurrer(weights, device="cpu")
    deblur.network.register_forward_hook(lambda *_: _[2] * float("nan"))
    with pytest.raises(InputError, match=r"NaN or infinite in torch\.float32"):
        deblur(photograph)


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (np.zeros((9, 9, 3), np.uint8), "is a float32 array"),
        (np.zeros((9, 9, 3)), "is a float32 array"),
        (np.zeros((9, 9), np.float32), "is a float32 array"),
        (torch.zeros(9, 9, 3), "is a float32 array"),
        (np.full((9, 9, 3), np.nan, np.float32), "the image has values that are NaN or infinite; replace"),
    ],
)
@pytest.mark.parametrize("method", ["restore", "stages"])
def test_what_cannot_be_restored_unrounded_is_refused(deblur, method, image, sentence):
    with pytest.raises(InputError, match=sentence):
        getattr(deblur, method)(image)


def test_the_weights_are_described(tmp_path, network, photograph):
    path = tmp_path / "ours.safetensors"
    misleading = {"name": "theirs", "sha256": "0"}
    sha256 = write_weights(path, network, {"training": {"crop_size": [16, 24]}, **misleading})
    deblur = Deblurrer(path, device="cpu", mode="local")
    assert deblur.description["name"] == "ours.safetensors"
    assert deblur.description["sha256"] == sha256
    assert deblur.description["network"]["width"] == 4
    assert deblur.network.fcn.crop_size == (16, 24)
