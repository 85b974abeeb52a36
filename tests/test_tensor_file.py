import pytest
import torch
from safetensors.torch import save_file

from fcn_plugin.errors import InputError
from fcn_plugin.tensor_file import METADATA_KEY, read_tensors

WEIGHT = torch.arange(4.0)


@pytest.mark.parametrize(
    "content",
    [
        {"a.weight": WEIGHT},
        {"state_dict": {"module.a.weight": WEIGHT}},
        {"state_dict": {"network.a.weight": WEIGHT, "loss.ratio_logits": torch.ones(2)}},
    ],
    ids=["plain", "of processes", "of a whole model"],
)
def test_tensors_are_those_of_the_network(content, tmp_path):
    torch.save(content, tmp_path / "weights.pth")
    tensors, _ = read_tensors(tmp_path / "weights.pth")
    assert tensors.keys() == {"a.weight"}
    assert torch.equal(tensors["a.weight"], WEIGHT)


def test_what_is_told_beside_them(tmp_path):
    torch.save({"state_dict": {"a": WEIGHT}, "metadata": {"note": "ours"}}, tmp_path / "weights.pth")
    save_file({"a": WEIGHT}, tmp_path / "weights.safetensors", {METADATA_KEY: '{"note": "ours"}'})
    for suffix in ("pth", "safetensors"):
        tensors, metadata = read_tensors(tmp_path / f"weights.{suffix}")
        assert torch.equal(tensors["a"], WEIGHT)
        assert metadata == {"note": "ours"}


def test_values_that_are_not_finite_are_refused(tmp_path):
    torch.save({"a": WEIGHT / 0}, tmp_path / "weights.pth")
    with pytest.raises(InputError, match=r"weights\.pth: 'a' has values that are NaN or infinite"):
        read_tensors(tmp_path / "weights.pth")
