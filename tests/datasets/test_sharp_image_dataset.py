import numpy as np
import pytest
from mmengine.logging import MMLogger

from fcn_plugin.datasets import SharpImageDataset
from fcn_plugin.datasets.storage import FolderStore, LMDBPlan, write_lmdbs
from fcn_plugin.datasets.transforms import SynthesizeBlur
from fcn_plugin.errors import InputError
from fcn_plugin.registry import DATASETS

BLUR = SynthesizeBlur(8, {"reach": 4})  # needs 8 + 2 × 7 = 22 pixels


def test_photographs_reach_the_pipeline(tmp_path, write_images):
    images = write_images(tmp_path, "a.png", "b/c.png")
    dataset = SharpImageDataset(tmp_path, "mine", facts={"licence": "CC0"})
    assert [dataset[index]["key"] for index in range(len(dataset))] == ["a", "b/c"]
    np.testing.assert_array_equal(dataset[1]["gt"], images["b/c.png"])
    assert dataset[0]["ori_shape"] == (24, 32)
    assert dataset.metainfo == {"dataset": "mine", "blur": "synthetic", "licence": "CC0"}


def test_lmdb(tmp_path, write_images):
    write_images(tmp_path / "images", "a.png", "b.png")
    store = FolderStore(tmp_path / "images")
    write_lmdbs([LMDBPlan(tmp_path / "images.lmdb", store, store.keys(), {})], workers=0)
    config = {"type": "fcn_plugin.SharpImageDataset", "source": str(tmp_path / "images.lmdb"), "name": "mine"}
    folder = SharpImageDataset(tmp_path / "images", "mine", pipeline=[BLUR])
    lmdb = DATASETS.build({**config, "pipeline": [BLUR]})
    for index in range(2):
        pairs = []
        for dataset in (folder, lmdb):
            np.random.seed(index)  # noqa: NPY002
            pairs.append(dataset[index])
        for name in ("img", "gt"):
            np.testing.assert_array_equal(pairs[0][name], pairs[1][name])


def test_photographs_too_small_for_the_crop_are_left_out_and_told_of(tmp_path, write_images, caplog):
    write_images(tmp_path, "large.png", height=22, width=22)
    write_images(tmp_path, "low.png", height=21, width=30)
    write_images(tmp_path, "narrow.png", height=30, width=21)
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    try:
        dataset = SharpImageDataset(tmp_path, "mine", pipeline=[BLUR])
    finally:
        logger.removeHandler(caplog.handler)
    assert [dataset[index]["key"] for index in range(len(dataset))] == ["large"]
    assert caplog.messages == [
        f"2 of the 3 photographs in {tmp_path} are smaller than 22×22 pixels and left out."
    ]


def test_only_small_photographs_are_an_error(tmp_path, write_images):
    write_images(tmp_path, "a.png", "b.png", height=20)
    with pytest.raises(InputError, match=r"All 2 photographs in .* are smaller than the 22×22 pixels"):
        SharpImageDataset(tmp_path, "mine", pipeline=[BLUR])


def test_missing_folder(tmp_path):
    with pytest.raises(InputError, match=r"There are no images .* at .*nowhere"):
        SharpImageDataset(tmp_path / "nowhere", "mine")
