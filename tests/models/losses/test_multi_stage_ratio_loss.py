import pytest
import torch
from torch import nn

from fcn_plugin.models import CharbonnierEdgeLoss, MultiStageRatioLoss, RMSELoss

MODES = ["literal", "barrier", "softmax", "fixed"]


def train_toy(mode, steps=1000, **options):
    """Two stages that cannot and two that can learn a linear map, whose errors are about those of deblurring.

    Returns the trained loss and the stages' last errors.
    """
    torch.manual_seed(0)
    mixing = 0.2 * torch.randn(3, 3, 1, 1)
    stages = nn.ModuleList(nn.Conv2d(3, 3, 1, groups=groups, bias=False) for groups in (3, 3, 1, 1))
    loss = MultiStageRatioLoss(mode=mode, **options)
    optimizer = torch.optim.Adam(
        [{"params": stages.parameters(), "lr": 1e-2}, {"params": list(loss.parameters()), "lr": 5e-2}]
    )
    errors = None
    for _ in range(steps):
        images = torch.rand(4, 3, 8, 8)
        target = nn.functional.conv2d(images, mixing)
        target = target + 0.02 * torch.randn_like(target)
        predictions = [stage(images) for stage in stages]
        errors = [loss.criterion(prediction, target).item() for prediction in predictions]
        optimizer.zero_grad()
        loss(predictions, target).backward()
        optimizer.step()
    return loss, errors


def test_equation_1():
    loss = MultiStageRatioLoss(stages=2, criterion="rmse", mode="fixed", initial_ratio=[0.25, 0.75])
    target = torch.zeros(1, 3, 4, 4)
    predictions = [torch.full_like(target, 0.4), torch.full_like(target, 0.2)]
    assert loss(predictions, target).item() == pytest.approx(0.25 * 0.4 + 0.75 * 0.2, rel=1e-4)


@pytest.mark.parametrize("mode", MODES)
def test_ratios_start_equal_and_lie_between_0_and_1(mode):
    ratios = MultiStageRatioLoss(mode=mode).ratios
    assert ratios.shape == (4,)
    assert torch.equal(ratios, ratios[:1].expand(4))
    assert ((ratios > 0) & (ratios < 1)).all()


def test_literal_ratios_collapse_and_the_defaults_do_not():
    literal, _ = train_toy("literal")
    default, _ = train_toy(MultiStageRatioLoss().mode)
    assert literal.ratios.max() < 0.05
    assert default.ratios.min() > 0.1
    assert default.ratios.max() > 0.5


def test_barrier_settles_where_the_error_is_its_weight_over_the_ratio():
    loss, errors = train_toy("barrier", steps=2000)
    for ratio, error in zip(loss.ratios.tolist(), errors, strict=True):
        # The last two stages learn the map: their error falls below the weight and their ratio goes to 1.
        wanted = min(1.0, loss.barrier_weight / error)
        assert ratio == pytest.approx(wanted, abs=0.1)


def test_softmax_ratios_share_the_sum_1_and_favour_small_errors():
    loss, errors = train_toy("softmax")
    assert loss.ratios.sum().item() == pytest.approx(1)
    assert min(errors[:2]) > max(errors[2:])
    assert loss.ratios[2:].sum() > 0.9


def test_fixed_ratios_are_no_parameters_but_are_saved():
    loss = MultiStageRatioLoss(mode="fixed")
    assert list(loss.parameters()) == []
    assert "fixed_ratios" in loss.state_dict()


def test_fixed_ratios_of_1_are_the_plain_sum():
    predictions, target = [torch.rand(1, 3, 4, 4) for _ in range(3)], torch.rand(1, 3, 4, 4)
    loss = MultiStageRatioLoss(stages=3, mode="fixed", initial_ratio=1)
    errors = [loss.criterion(prediction, target).item() for prediction in predictions]
    assert loss(predictions, target).item() == pytest.approx(sum(errors))
    assert all(tensor.isfinite().all() for tensor in loss.state_dict().values())
    last = MultiStageRatioLoss(stages=3, mode="fixed", initial_ratio=[0, 0, 1])
    assert torch.equal(last(predictions, target), loss.criterion(predictions[2], target))


def test_fixed_ratios_lie_between_0_and_1():
    with pytest.raises(ValueError, match=r"between 0 and 1, not at 2\.0"):
        MultiStageRatioLoss(mode="fixed", initial_ratio=2.0)


@pytest.mark.parametrize("mode", MODES[:3])
def test_ratios_stay_until_their_epoch_but_stay_in_the_graph(mode):
    loss = MultiStageRatioLoss(mode=mode, ratios_from_epoch=5)
    predictions = [torch.rand(1, 3, 4, 4) for _ in range(4)]
    loss(predictions, torch.rand(1, 3, 4, 4)).backward()
    assert torch.equal(loss.ratio_logits.grad, torch.zeros(4))

    loss.ratios_move = True
    loss(predictions, torch.rand(1, 3, 4, 4)).backward()
    assert loss.ratio_logits.grad.abs().min() > 0


def test_ratios_survive_saving_and_loading():
    trained, _ = train_toy("barrier", steps=50)
    loaded = MultiStageRatioLoss(mode="barrier")
    loaded.load_state_dict(trained.state_dict())
    assert torch.equal(loaded.ratios, trained.ratios)
    assert not torch.equal(loaded.ratios, MultiStageRatioLoss().ratios)


def test_a_single_image_is_one_stage():
    target = torch.rand(2, 3, 4, 4)
    loss = MultiStageRatioLoss(stages=1, mode="fixed")
    assert torch.equal(loss(target, target), loss([target], target))


def test_computes_in_float32_under_autocast():
    loss = MultiStageRatioLoss(criterion="charbonnier+edge")
    predictions, target = [torch.rand(1, 3, 8, 8) for _ in range(4)], torch.rand(1, 3, 8, 8)
    wanted = loss(predictions, target)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(loss(predictions, target), wanted)


def test_criteria_by_name_or_config():
    assert isinstance(MultiStageRatioLoss(criterion="rmse").criterion, RMSELoss)
    config = {"type": "fcn_plugin.CharbonnierEdgeLoss", "edge_weight": 0.1}
    edge = MultiStageRatioLoss(criterion=config).criterion
    assert isinstance(edge, CharbonnierEdgeLoss)
    assert edge.edge_weight == 0.1


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="mode is 'free': choose literal"):
        MultiStageRatioLoss(mode="free")
    with pytest.raises(ValueError, match="criterion is 'l3': choose one of"):
        MultiStageRatioLoss(criterion="l3")
    with pytest.raises(ValueError, match="start between 0 and 1, exclusively, not at 1"):
        MultiStageRatioLoss(initial_ratio=1)
    with pytest.raises(ValueError, match="ratios for 4 stages but got 2 predictions"):
        MultiStageRatioLoss()([torch.rand(1, 3, 4, 4)] * 2, torch.rand(1, 3, 4, 4))
