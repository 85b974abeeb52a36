import pytest
import torch
from mmengine.structures import BaseDataElement

from fcn_plugin.errors import InputError
from fcn_plugin.models import DeblurringModel, PairDataPreprocessor

from ..conftest import draw_zeros

NETWORK = {"type": "fcn_plugin.FCN", "width": 4, "pyramid_widths": (4, 6, 8)}
LOSS = {"type": "fcn_plugin.MultiStageRatioLoss"}


def batch(*sizes):
    images = [torch.randint(0, 256, (3, *size), dtype=torch.uint8) for size in sizes]
    return {
        "inputs": images,
        "data_samples": [BaseDataElement(gt_img=image, metainfo={"key": "a"}) for image in images],
    }


def test_preprocessor_makes_floats_in_0_to_1():
    data = batch((8, 8), (8, 8))
    inputs = PairDataPreprocessor()(data)["inputs"]
    assert inputs.shape == (2, 3, 8, 8)
    assert inputs.dtype == torch.float32
    assert torch.equal((inputs * 255).round().to(torch.uint8), torch.stack(data["inputs"]))


def test_preprocessor_takes_stacked_pairs_as_it_takes_lists():
    data = batch((8, 8), (8, 8))
    data["data_samples"][1].gt_img = 255 - data["inputs"][1]
    listed = PairDataPreprocessor()(data)
    images = [sample.pop("gt_img") for sample in data["data_samples"]]
    data.update(inputs=torch.stack(data["inputs"]), targets=torch.stack(images))
    stacked = PairDataPreprocessor()(data)
    assert stacked.keys() == listed.keys()
    assert torch.equal(stacked["inputs"], listed["inputs"])
    for ours, theirs in zip(stacked["data_samples"], listed["data_samples"], strict=True):
        assert ours.key == theirs.key
        assert torch.equal(ours.gt_img, theirs.gt_img)


def test_preprocessor_refuses_images_of_two_sizes():
    with pytest.raises(InputError, match=r"differ in size \(height×width: 8×8, 8×9\)"):
        PairDataPreprocessor()(batch((8, 9), (8, 8)))


def test_untrained_model_predicts_its_input():
    model = DeblurringModel(NETWORK, LOSS).eval()
    data = batch((9, 7))
    (sample,) = model.val_step(data)
    assert torch.equal((sample.pred_img * 255).round().to(torch.uint8), data["inputs"][0])


def test_loss_is_that_of_all_stages():
    model = DeblurringModel(NETWORK, LOSS)
    data = model.data_preprocessor(batch((8, 8)), training=True)
    wanted = model.loss(model.network(data["inputs"]), data["inputs"])
    assert torch.equal(model(**data, mode="loss")["loss"], wanted)


@pytest.mark.parametrize("channels_last", [True, False])
def test_memory_layout_changes_nothing_but_speed(channels_last):
    torch.manual_seed(0)
    model = DeblurringModel(NETWORK, LOSS, channels_last=channels_last)
    weight = model.network.global_feature_catchers[0].query_key.key[1].weight
    assert weight.is_contiguous(memory_format=torch.channels_last) == channels_last
    layouts = []
    model.network.register_forward_pre_hook(lambda network, inputs: layouts.append(inputs[0].stride()[1]))
    for image in (torch.rand(1, 3, 8, 8), torch.rand(1, 8, 8, 3).permute(0, 3, 1, 2)):
        model(image)
    assert layouts == [1, 1] if channels_last else [64, 64]
    torch.manual_seed(0)
    plain = DeblurringModel(NETWORK, LOSS, channels_last=False)
    for name, tensor in plain.state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name])


def test_compiled_network_keeps_the_names_of_its_weights():
    plain, compiled = DeblurringModel(NETWORK), DeblurringModel(NETWORK, compile_network=True)
    assert plain.state_dict().keys() == compiled.state_dict().keys()


def test_compiled_network_computes_the_same():
    graphs = []

    def backend(graph, _):
        graphs.append(graph)
        return graph.forward

    model = DeblurringModel(NETWORK, compile_network={"backend": backend}).eval()
    image = torch.rand(1, 3, 8, 8)
    torch.testing.assert_close(model(image), model.network.forward(image))
    assert len(graphs) == 1


def test_unknown_mode_is_named():
    with pytest.raises(ValueError, match="unknown mode 'guess'"):
        DeblurringModel(NETWORK)(torch.rand(1, 3, 4, 4), mode="guess")


def test_local_statistics_are_for_prediction_alone():
    torch.manual_seed(0)
    model = draw_zeros(DeblurringModel(NETWORK, LOSS, local_statistics=16).eval())
    data = batch((40, 56))
    images = model.data_preprocessor(batch((40, 56)))["inputs"]
    tensor = model(images)
    (sample,) = model.val_step(data)
    inputs = model.data_preprocessor(data)["inputs"]
    assert not torch.allclose(sample.pred_img, model(inputs)[0], atol=1e-5)
    assert torch.equal(model(images), tensor)
    assert model.inference == "whole image, local statistics of 16×16"
    assert DeblurringModel(NETWORK, LOSS).inference == "whole image, global statistics"


@pytest.mark.parametrize("option", ["local_statistics", "stage"])
def test_what_only_fcn_has_is_refused_for_other_networks(option):
    other = {"type": "fcn_plugin.EFEM", "in_channels": 3}
    DeblurringModel(other)
    with pytest.raises(InputError, match=f"EFEM has no {option}, as FCN has: leave model.{option} out"):
        DeblurringModel(other, **{option: 0})


@pytest.mark.parametrize("stage", [-1, 4])
def test_a_stage_that_is_not_there_is_refused(stage):
    with pytest.raises(InputError, match=rf"there is no stage {stage}: set model\.stage to 0 to 3"):
        DeblurringModel(NETWORK, stage=stage)


def test_another_stage_may_be_the_answer():
    data = batch((16, 16))
    model = DeblurringModel(NETWORK, LOSS).eval()
    torch.nn.init.normal_(
        model.network.local_feature_catcher.stages[0][0].prediction_head.residual.weight, std=0.1
    )
    stages = model.network.predict_stages(model.data_preprocessor(data)["inputs"])
    assert not torch.equal(stages[0], stages[-1])
    model.stage = 0
    (sample,) = model.test_step(data)
    assert torch.equal(sample.pred_img, stages[0][0])
    assert model.inference == "whole image, global statistics, prediction of stage 0"
