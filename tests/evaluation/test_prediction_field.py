import pytest
import torch
from mmengine.structures import BaseDataElement

from fcn_plugin.errors import InputError
from fcn_plugin.evaluation import PredictionField

LEVELS = torch.tensor([[[0.0, 1.0, 0.5]]])


def test_the_default_is_pred_img_between_0_and_1():
    assert PredictionField().read({"pred_img": LEVELS}).tolist() == [[[0, 255, 128]]]


@pytest.mark.parametrize("kind", [dict, lambda **fields: BaseDataElement(**fields)])
def test_a_nested_image_of_another_white(kind):
    sample = kind(output=kind(pred_img=LEVELS * 1023), key="a")
    image = PredictionField(path="output.pred_img", white=1023).read(sample)
    assert image.dtype == torch.uint8
    assert image.tolist() == [[[0, 255, 128]]]


def test_a_missing_field_is_named_with_what_is_there():
    sample = {"output": {"image": LEVELS, "mask": LEVELS}}
    with pytest.raises(InputError, match=r"no 'output.pred_img'.*there are image, mask\."):
        PredictionField("output.pred_img").read(sample)


def test_nan_is_refused_with_the_key():
    with pytest.raises(InputError, match="prediction for street/7 has values that are NaN"):
        PredictionField().read({"pred_img": LEVELS * float("nan"), "key": "street/7"})
