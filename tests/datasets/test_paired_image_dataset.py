import pickle

import numpy as np
import pytest
from mmengine.registry import DATASETS as ROOT_DATASETS
from torch.utils.data import DataLoader

from fcn_plugin.datasets import PairedImageDataset
from fcn_plugin.datasets.storage import FolderStore, LMDBPlan, write_lmdbs
from fcn_plugin.errors import InputError

NAMES = ["a.png", "b/c.png", "b/d.png"]


@pytest.fixture
def root(tmp_path, write_images):
    write_images(tmp_path / "input", *NAMES)
    write_images(tmp_path / "target", *NAMES)
    return tmp_path


def dataset_of(root, **arguments):
    return PairedImageDataset(root / "input", root / "target", "Mine", **arguments)


def mean_of_input(results):
    return results["img"].mean()


def test_pair_reaches_the_pipeline(root):
    results = dataset_of(root, facts={"blur": "gamma"})[1]
    np.testing.assert_array_equal(results["img"], FolderStore(root / "input").read("b/c"))
    np.testing.assert_array_equal(results["gt"], FolderStore(root / "target").read("b/c"))
    assert not np.array_equal(results["img"], results["gt"])
    assert (results["key"], results["dataset"], results["blur"]) == ("b/c", "Mine", "gamma")
    assert results["ori_shape"] == (24, 32)


def test_metainfo_holds_name_and_facts(root):
    dataset = dataset_of(root, facts={"blur": "gamma"}, metainfo={"camera": 5}, lazy_init=True)
    assert dataset.metainfo == {"dataset": "Mine", "blur": "gamma", "camera": 5}


def test_base_dataset_still_works(root):
    dataset = dataset_of(root, indices=2)
    assert dataset.keys() == ["a", "b/c"]
    assert dataset.get_subset([1]).keys() == ["b/c"]
    lazy = dataset_of(root, lazy_init=True, serialize_data=False)
    assert lazy.data_list == []
    lazy.full_init()
    assert [info["key"] for info in lazy.data_list] == ["a", "b/c", "b/d"]


def test_builds_from_a_foreign_scope(root):
    config = {
        "type": "fcn_plugin.PairedImageDataset",
        "input": {"type": "FolderStore", "root": str(root), "patterns": ["input/b/*"]},
        "target": {"type": "FolderStore", "root": str(root), "patterns": ["target/b/*"]},
        "name": "Mine",
        "pipeline": [{"type": "fcn_plugin.PackPair"}],
    }
    assert ROOT_DATASETS.build(config)[0]["data_samples"].key == "c"


def test_takes_the_blur_that_an_lmdb_tells(root):
    store = FolderStore(root / "input")
    write_lmdbs([LMDBPlan(root / "input.lmdb", store, store.keys(), {"blur": "gamma"})], workers=0)
    dataset = PairedImageDataset(str(root / "input.lmdb"), str(root / "target"), "Mine")
    assert dataset.metainfo == {"dataset": "Mine", "blur": "gamma"}
    assert dataset[0]["blur"] == "gamma"


def test_works_in_spawned_data_loader_workers(root):
    store = FolderStore(root / "input")
    write_lmdbs([LMDBPlan(root / "input.lmdb", store, store.keys(), {})], workers=0)
    dataset = PairedImageDataset(
        root / "input.lmdb", root / "input.lmdb", "Mine", pipeline=[mean_of_input], indices=2
    )
    expected = [dataset[0], dataset[1]]
    loader = DataLoader(dataset, batch_size=None, num_workers=1, multiprocessing_context="spawn")
    assert list(loader) == expected


def test_survives_pickling(root):
    dataset = pickle.loads(pickle.dumps(dataset_of(root)))
    assert dataset.keys() == ["a", "b/c", "b/d"]


def test_blurry_image_without_partner_is_refused(root, write_images):
    write_images(root / "input", "e.png", "f.png", "g.png", "h.png")
    message = r"4 of the 7 images in .*input have no partner of the same name in .*target \(e, f, g, \.\.\.\)"
    with pytest.raises(InputError, match=message):
        dataset_of(root)


def test_sharp_image_without_partner_is_refused(root, write_images):
    write_images(root / "target", "e.png")
    message = r"1 of the 4 images in .*target have no partner of the same name in .*input \(e\); add"
    with pytest.raises(InputError, match=message):
        dataset_of(root)


def test_subclass_may_allow_more_targets(root, write_images):
    class MoreTargets(PairedImageDataset):
        more_targets_allowed = True

    write_images(root / "target", "e.png")
    assert len(MoreTargets(root / "input", root / "target", "Mine")) == 3
    write_images(root / "input", "f.png")
    with pytest.raises(InputError, match=r"1 of the 4 images in .*input have no partner"):
        MoreTargets(root / "input", root / "target", "Mine")


def test_pair_of_different_sizes_is_refused(root, write_images):
    write_images(root / "target", "b/d.png", height=20, width=30)
    dataset = dataset_of(root)
    dataset[1]
    for use in (lambda: dataset[2], lambda: dataset.check_size("b/d")):
        with pytest.raises(InputError, match=r"'b/d' differ in size: 32×24 in .*input but 30×20 in .*target"):
            use()


def test_empty_folder_is_refused(root):
    (root / "empty").mkdir()
    with pytest.raises(InputError, match=r"There are no images .* at .*empty; check the path"):
        PairedImageDataset(root / "empty", root / "target", "Mine")
