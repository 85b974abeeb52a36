"""What docs/synthesis.md says of the parameters is so, and its configs build."""

import dataclasses
import re

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from fcn_plugin.registry import DATASETS
from fcn_plugin.synthesis import CameraShake, Sensor

from ..conftest import PROJECT

PAGE = (PROJECT / "docs" / "synthesis.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("parameters", [CameraShake(), Sensor()])
def test_every_parameter_is_in_the_tables_with_its_default(parameters):
    name = type(parameters).__name__
    rows = re.search(rf"^\| `{name}` \|.*\n\|---.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)[1].splitlines()
    told = {}
    for row in rows:
        _, names, default, *_ = (cell.strip() for cell in row.split("|"))
        told |= dict.fromkeys(re.findall(r"`(\w+)`", names), default)
    assert list(told) == [field.name for field in dataclasses.fields(parameters)]
    for field, default in told.items():
        value = getattr(parameters, field)
        numbers = [eval(number) for number in re.findall(r"[\d.]+(?:/\d+)?", default)]
        assert numbers == ([] if value is None else list(np.atleast_1d(value))), field


@pytest.mark.parametrize(("config", "images"), [(0, 1), (1, 13)], ids=["photographs", "frames"])
def test_the_configs_of_the_page_make_pairs(tmp_path, config, images):
    text = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[config]
    coarse = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    for number in range(images):
        cv2.imwrite(str(tmp_path / f"{number}.png"), cv2.resize(coarse, (400, 400)))
    config = Config.fromstring(f"default_scope = 'fcn_plugin'\n{text}", ".py").train_dataloader.dataset
    for transform in config.pipeline:
        transform.type = f"fcn_plugin.{transform.type}"
    config.update(type=f"fcn_plugin.{config.type}", source=str(tmp_path))
    (sample,) = DATASETS.build(config)
    assert sample["inputs"].shape == sample["data_samples"].gt_img.shape == (3, 256, 256)
