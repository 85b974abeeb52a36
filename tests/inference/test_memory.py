import re

import pytest
import torch
from torch import nn

from fcn_plugin import Deblurrer
from fcn_plugin.errors import InputError
from fcn_plugin.inference.memory import MARGIN, bytes_per_pixel, held_memory, memory_errors, spare_memory

from .conftest import random_fcn


def test_the_peak_of_a_network_is_found_without_running_it():
    # At its peak it holds the image, what the first layer made of it and what the second makes of that.
    network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Conv2d(8, 5, 1), nn.Conv2d(5, 3, 1))
    assert bytes_per_pixel(network, torch.float32) == MARGIN * 4 * (3 + 8 + 5)
    assert bytes_per_pixel(network, torch.bfloat16) == MARGIN * 2 * (3 + 8 + 5)


def test_a_wider_network_needs_more():
    narrow, wide = (bytes_per_pixel(random_fcn(width=width), torch.float32) for width in (4, 16))
    assert 2 * narrow < wide < 4 * narrow


def test_the_limit_is_kept():
    cpu = torch.device("cpu")
    held = held_memory(cpu) / 1e9
    unlimited, limited, below = (spare_memory(cpu, limit) for limit in (1e6, held + 0.5, held / 2))
    assert below < 0 < limited < 1e9 < unlimited


def test_an_image_too_large_for_the_memory_goes_through_in_tiles(weights, monkeypatch):
    shapes = []

    deblur = Deblurrer(weights, device="cpu", mode="local")
    deblur.network.register_forward_pre_hook(lambda _, inputs: shapes.append(inputs[0].shape[-2:]))
    image = torch.rand(400, 700, 3).numpy()
    spare = 400 * 700 * 200
    monkeypatch.setattr("fcn_plugin.inference.deblurrer.spare_memory", lambda *_: spare)
    deblur.restore(image)
    assert len(shapes) > 1
    needed = deblur.network.bytes_per_pixel(torch.float32)
    assert spare / 2 < needed * max(height * width for height, width in shapes) < spare

    # Where each tile has to be an image of its own, that would be another result.
    deblur = Deblurrer(weights, device="cpu", mode="global")
    with pytest.raises(
        InputError, match=r"700×400 needs about \S+ GB, and 0\.056 GB may be taken, in mode 'g"
    ):
        deblur.restore(image)


def test_too_little_memory_for_anything_is_said(weights, monkeypatch):
    monkeypatch.setattr("fcn_plugin.inference.deblurrer.spare_memory", lambda *_: 1000)
    deblur = Deblurrer(weights, device="cpu", mode="local")
    for (height, width), tiles in (((400, 700), ", not even for tiles of 320×320"), ((300, 300), "")):
        sentence = (
            f"not enough memory for an image of {width}×{height}{tiles}: whole, it needs about .* GB, and"
        )
        with pytest.raises(InputError, match=sentence):
            deblur.restore(torch.rand(height, width, 3).numpy())


def test_a_limit_below_what_the_process_holds_is_refused(weights):
    with pytest.raises(InputError, match=r"is 0\.01 GB, but .* holds \S+ GB already: allow more") as raised:
        Deblurrer(weights, device="cpu", max_memory=0.01)
    told = float(re.search(r"holds (\S+) GB", str(raised.value))[1])
    assert told == pytest.approx(held_memory(torch.device("cpu")) / 1e9, rel=0.1)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried"
        ),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("std::bad_alloc"),
    ],
)
def test_all_errors_about_memory_become_one(error):
    with pytest.raises(MemoryError), memory_errors():
        raise error


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match="shapes"), memory_errors():
        raise RuntimeError("shapes cannot be multiplied")


def test_an_allocation_that_fails_is_such_an_error():
    with pytest.raises(MemoryError), memory_errors():
        torch.empty(2**60, dtype=torch.uint8)


def test_stages_are_counted_as_what_they_take(weights, monkeypatch):
    deblur = Deblurrer(weights, device="cpu", mode="local")
    shapes = []

    def note_shape(blurry):
        shapes.append(tuple(blurry.shape[-2:]))
        return [blurry] * 4

    image = torch.rand(330, 500, 3).numpy()
    whole = 330 * 500 * deblur._bytes_per_pixel(1)
    monkeypatch.setattr("fcn_plugin.inference.deblurrer.spare_memory", lambda *_: whole)
    monkeypatch.setattr(deblur.network, "predict_stages", note_shape)
    monkeypatch.setattr(deblur.network, "forward", lambda blurry: note_shape(blurry)[-1])
    deblur.restore(image)
    assert shapes == [(330, 500)]
    stages = deblur.stages(image)
    assert len(stages) == 4
    assert max(shapes[1:]) < (330, 500)
