import pytest
import torch

from fcn_plugin.benchmark.way import Machine, Run, Way, relative_error
from fcn_plugin.errors import InputError

MACHINE = Machine("cpu", {"model.network.width": 4, "model.network.pyramid_widths": [4, 6, 8]})
CONFIG = "configs/fcn_gopro.py"


def run(mode, **options):
    return Run(Way(CONFIG, mode, **options), MACHINE, batch=2, size=(16, 24))


@pytest.mark.parametrize("mode", ["inference", "training"])
def test_the_same_in_every_layout_and_with_checkpointing(mode):
    reference = run(mode).answer()
    assert reference.norm() > 0
    for options in ({}, {"channels_last": True}, {"checkpointing": True}, {"precision": "tf32"}):
        assert relative_error(run(mode, **options).answer(), reference) < 1e-5


@pytest.mark.parametrize("precision", ["amp-bfloat16", "bfloat16", "float16"])
def test_half_precision_differs_a_little(precision):
    reference = run("inference").answer()
    assert 1e-5 < relative_error(run("inference", precision=precision).answer(), reference) < 0.1


def test_a_training_step_changes_the_weights():
    step = run("training")
    before = torch.cat([parameter.detach().flatten().clone() for parameter in step.model.parameters()])
    step()
    after = torch.cat([parameter.detach().flatten() for parameter in step.model.parameters()])
    assert (before != after).float().mean() > 0.9


@pytest.mark.parametrize(
    ("precision", "message"),
    [("bfloat16", "weights cannot be trained: choose amp-bfloat16"), ("amp-bfloat16", "on a GPU only")],
)
def test_what_cannot_be_trained(precision, message):
    with pytest.raises(InputError, match=message):
        run("training", precision=precision)
