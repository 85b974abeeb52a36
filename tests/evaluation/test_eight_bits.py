import pytest
import torch

from fcn_plugin.errors import InputError
from fcn_plugin.evaluation import round_to_8_bits
from fcn_plugin.evaluation.eight_bits import _on_gpu, _on_processor, check_comparable


def test_rounds_to_nearest_and_clamps():
    values = torch.tensor([-0.1, 0, 0.4 / 255, 0.6 / 255, 128.4 / 255, 1, 1.1])
    rounded = round_to_8_bits(values)
    assert rounded.dtype == torch.uint8
    assert rounded.tolist() == [0, 0, 0, 1, 128, 255, 255]


def test_8_bits_survive():
    every_value = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(round_to_8_bits(every_value / 255), every_value)


def test_half_precision_is_scaled_in_full_precision():
    # 66.74 in 8 bits; bfloat16 would make 66.5 of it, then 66.
    assert round_to_8_bits(torch.tensor([0.26171875], dtype=torch.bfloat16)).tolist() == [67]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_code_for_gpus_gives_the_same(dtype):
    image = torch.linspace(-0.1, 1.1, 100_003).to(dtype)
    assert torch.equal(_on_gpu(image), _on_processor(image))
    image[7] = torch.nan
    assert _on_gpu(image) is None
    assert _on_processor(image) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_refuses_what_is_not_finite(value):
    with pytest.raises(InputError, match=r"^The prediction for 7 has values that are NaN or infinite"):
        round_to_8_bits(torch.tensor([0.5, value]), "The prediction for 7")


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        (torch.zeros(3, 4, 4), torch.zeros(3, 4, 4)),
        (torch.zeros(3, 4, 4, dtype=torch.uint8), torch.zeros(3, 4, 5, dtype=torch.uint8)),
        (torch.zeros(4, 4, dtype=torch.uint8), torch.zeros(4, 4, dtype=torch.uint8)),
    ],
)
def test_incomparable(image, reference):
    with pytest.raises(ValueError, match="compare"):
        check_comparable(image, reference)
