import cv2
import numpy as np
import pytest
from mmengine.runner import Runner

from fcn_plugin.datasets import GoProDataset
from fcn_plugin.datasets.gopro import sequence_of
from fcn_plugin.datasets.storage import write_lmdbs
from fcn_plugin.errors import InputError

from ..conftest import assert_same_pairs

FRAMES = ["GOPR0372_07_00/{}/000047.png", "GOPR0372_07_00/{}/000048.png", "GOPR0374_11_00/{}/000047.png"]
KEYS = ["GOPR0372_07_00/000047", "GOPR0372_07_00/000048", "GOPR0374_11_00/000047"]
FLAT_NAMES = ["GOPR0384_11_00-000001.png", "GOPR0384_11_05-004001.png"]


@pytest.fixture
def official(tmp_path, write_images):
    for kind in ("blur", "blur_gamma", "sharp"):
        write_images(tmp_path / "train", *(frame.format(kind) for frame in FRAMES))
    (tmp_path / "train/GOPR0372_07_00/frames.txt").touch()
    return tmp_path


@pytest.fixture
def flat(tmp_path, write_images):
    write_images(tmp_path / "test/input", *FLAT_NAMES)
    write_images(tmp_path / "test/target", *FLAT_NAMES)
    return tmp_path


@pytest.mark.parametrize(("blur", "folder"), [("linear", "blur"), ("gamma", "blur_gamma")])
def test_official_release(official, blur, folder):
    dataset = GoProDataset(official, "train", blur)
    assert dataset.keys() == KEYS
    assert dataset.metainfo == {"dataset": "GoPro", "split": "train", "blur": blur, "storage": "folder"}
    for name, kind in (("img", folder), ("gt", "sharp")):
        expected = cv2.imread(str(official / "train" / FRAMES[2].format(kind)))[..., ::-1]
        np.testing.assert_array_equal(dataset[2][name], expected)
    assert dataset[2]["blur"] == blur


def test_kinds_of_blur_differ(official):
    linear, gamma = (GoProDataset(official, "train", blur)[0] for blur in ("linear", "gamma"))
    assert not np.array_equal(linear["img"], gamma["img"])
    np.testing.assert_array_equal(linear["gt"], gamma["gt"])


def test_flat_tree(flat):
    dataset = GoProDataset(flat, "test", "linear")
    assert dataset.keys() == ["GOPR0384_11_00-000001", "GOPR0384_11_05-004001"]
    with pytest.raises(InputError, match=r"test/input/\* holds blur='linear', but blur='gamma' was asked"):
        GoProDataset(flat, "test", "gamma")


@pytest.mark.parametrize(
    ("input", "target"), [("input", "target"), ("blur_crops", "sharp_crops"), ("blur", "sharp")]
)
def test_lmdbs_that_people_have(flat, write_basicsr_lmdb, make_image, input, target):
    images = {f"GOPR0384_11_00-000001_s{number:03d}": make_image() for number in range(2)}
    write_basicsr_lmdb(flat / f"test/{input}.lmdb", images)
    write_basicsr_lmdb(flat / f"test/{target}.lmdb", images)
    dataset = GoProDataset(flat, "test", "linear")
    assert dataset.keys() == list(images)
    assert dataset.metainfo["storage"] == "lmdb"
    assert GoProDataset(flat, "test", "linear", storage="folder").metainfo["storage"] == "folder"
    with pytest.raises(InputError, match="holds blur='linear', but blur='gamma' was asked for"):
        GoProDataset(flat, "test", "gamma")


def test_prepared_lmdbs_hold_the_same_images(official, tmp_path):
    for blur in ("linear", "gamma"):
        folders = GoProDataset(official, "train", blur)
        write_lmdbs(folders.lmdb_plans(tmp_path / "out"), workers=0)
        lmdbs = GoProDataset(tmp_path / "out", "train", blur)
        assert lmdbs.metainfo["storage"] == "lmdb"
        assert_same_pairs(lmdbs, folders)


def test_lmdb_of_another_blur_is_refused(official):
    write_lmdbs(GoProDataset(official, "train", "linear").lmdb_plans(official), workers=0)
    (official / "train/blur.lmdb").rename(official / "train/blur_gamma.lmdb")
    with pytest.raises(InputError, match=r"blur_gamma\.lmdb holds blur='linear', but blur='gamma' was asked"):
        GoProDataset(official, "train", "gamma")


def test_sequences(official, flat):
    assert GoProDataset(official, "train", "linear", sequences=["GOPR0374_11_00"]).keys() == KEYS[2:]
    assert GoProDataset(official, "train", "linear", exclude_sequences=["GOPR0374_11_00"]).keys() == KEYS[:2]
    assert GoProDataset(flat, "test", "linear", sequences=["GOPR0384_11_05"]).keys() == [
        "GOPR0384_11_05-004001"
    ]


@pytest.mark.parametrize("field", ["sequences", "exclude_sequences"])
def test_unknown_sequence_is_refused(official, field):
    message = "has no sequence GOPR1, GOPR2; it has GOPR0372_07_00, GOPR0374_11_00"
    with pytest.raises(InputError, match=message):
        GoProDataset(official, "train", "linear", **{field: ["GOPR2", "GOPR0372_07_00", "GOPR1"]})


def test_no_sequence_left_is_refused(official):
    for choice in (
        {"sequences": []},
        {"sequences": ["GOPR0374_11_00"], "exclude_sequences": ["GOPR0374_11_00"]},
    ):
        with pytest.raises(InputError, match=r"choice of sequences leaves nothing of .*blur.*; widen it"):
            GoProDataset(official, "train", "linear", **choice)


@pytest.mark.parametrize(
    ("key", "sequence"),
    [("GOPR0372_07_00/000047", "GOPR0372_07_00"), ("GOPR0372_07_00-000047_s001", "GOPR0372_07_00")],
)
def test_sequence_of(key, sequence):
    assert sequence_of(key) == sequence


def test_blur_has_no_default(official):
    with pytest.raises(TypeError, match="blur"):
        GoProDataset(official, "train")


@pytest.mark.parametrize(
    ("split", "blur", "message"),
    [
        ("val", "linear", "split must be one of 'train', 'test', not 'val'"),
        ("train", "blur_gamma", "blur must be one of 'linear', 'gamma', not 'blur_gamma'"),
    ],
)
def test_other_values_are_refused(official, split, blur, message):
    with pytest.raises(InputError, match=message):
        GoProDataset(official, split, blur)


def test_missing_dataset_says_where_to_get_it(tmp_path):
    with pytest.raises(InputError) as caught:
        GoProDataset(tmp_path / "GoPro", "test", "gamma")
    message = str(caught.value)
    assert message.startswith(
        f"GoPro (split='test', blur='gamma') is not in {tmp_path / 'GoPro'}, which does not exist: download "
    )
    assert "GOPRO_Large.zip from Nah et al.'s project page" in message
    assert "https://seungjunnah.github.io/Datasets/gopro" in message
    command = f"`python tools/prepare_data.py gopro --source ZIP_OR_FOLDER --out {tmp_path / 'GoPro'}`"
    assert message.endswith(f"{command}.")


def test_mmengine_builds_its_data_loader(official):
    dataset = {
        "type": "fcn_plugin.GoProDataset",
        "data_root": str(official),
        "split": "train",
        "blur": "linear",
        "pipeline": [{"type": "fcn_plugin.PairedRandomCrop", "size": 16}, {"type": "fcn_plugin.PackPair"}],
    }
    config = {"batch_size": 3, "num_workers": 0, "dataset": dataset, "sampler": {"type": "DefaultSampler"}}
    batch = next(iter(Runner.build_dataloader(config, seed=0)))
    assert [tuple(image.shape) for image in batch["inputs"]] == [(3, 16, 16)] * 3
    assert sorted(sample.key for sample in batch["data_samples"]) == KEYS
