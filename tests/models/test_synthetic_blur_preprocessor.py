import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from fcn_plugin.datasets.transforms import (
    AverageFrames,
    PackPair,
    PairedRandomFlip,
    PairedRandomRotate90,
    SynthesizeBlur,
)
from fcn_plugin.errors import InputError
from fcn_plugin.models import DeblurringModel, PairDataPreprocessor, SyntheticBlurPreprocessor

SIZE = 24


@pytest.fixture
def photograph():
    coarse = np.random.default_rng(0).integers(0, 256, (8, 10, 3), np.uint8)
    return cv2.resize(coarse, (80, 70), interpolation=cv2.INTER_CUBIC)


def sample(photograph, seed, render, **options):
    np.random.seed(seed)  # noqa: NPY002
    blur = SynthesizeBlur(SIZE, {"reach": 6}, render=render, **options)
    return PackPair()(blur({"gt": photograph, "key": str(seed), "dataset": "photographs"}))


def real_pair(seed):
    images = np.random.default_rng(seed).integers(0, 256, (2, SIZE, SIZE, 3), np.uint8)
    return PackPair()({"img": images[0], "gt": images[1], "key": "real", "dataset": "GoPro"})


def to_8_bits(inputs):
    return (inputs * 255).round().to(torch.uint8)


def test_device_and_worker_make_the_same_batch(photograph):
    rendered, left = (
        pseudo_collate([sample(photograph, seed, render) for seed in range(4)]) for render in (True, False)
    )
    expected = PairDataPreprocessor()(rendered, training=True)
    made = SyntheticBlurPreprocessor()(left, training=True)
    assert made["inputs"].shape == (4, 3, SIZE, SIZE)
    assert made["inputs"].dtype == torch.float32
    difference = (made["inputs"] - expected["inputs"]).abs() * 255
    assert difference.mean() < 0.3
    assert difference.max() <= 3.01
    for a, b in zip(made["data_samples"], expected["data_samples"], strict=True):
        assert torch.equal(a.gt_img, b.gt_img)
        assert a.key == b.key


def test_real_pairs_pass_beside_synthetic_ones(photograph):
    samples = [real_pair(0), sample(photograph, 0, False), real_pair(1), sample(photograph, 1, True)]
    made = SyntheticBlurPreprocessor()(pseudo_collate(samples), training=True)
    images = to_8_bits(made["inputs"])
    for index in (0, 2, 3):
        assert torch.equal(images[index], samples[index]["inputs"])
        assert torch.equal(made["data_samples"][index].gt_img, samples[index]["data_samples"].gt_img)
    alone = SyntheticBlurPreprocessor()(pseudo_collate([sample(photograph, 0, False)]), training=True)
    assert torch.equal(images[1], to_8_bits(alone["inputs"])[0])


def test_gain_reaches_the_sharp_image_too(photograph):
    options = {"sensor": {"gain": (1.5, 1.5)}}
    rendered, left = (pseudo_collate([sample(photograph, 0, render, **options)]) for render in (True, False))
    made = SyntheticBlurPreprocessor()(left, training=True)
    assert torch.equal(made["data_samples"][0].gt_img, rendered["data_samples"][0].gt_img)


def test_flips_in_the_worker_keep_both_images_aligned(photograph):
    left = SynthesizeBlur(SIZE, {"reach": 6, "speed": 0.001}, render=False)
    results = PairedRandomFlip(horizontal=1, vertical=1)(left({"gt": photograph, "key": "a"}))
    made = SyntheticBlurPreprocessor()(pseudo_collate([PackPair()(results)]), training=True)
    blurry, sharp = to_8_bits(made["inputs"])[0].int(), made["data_samples"][0].gt_img.int()
    assert (blurry - sharp).abs().float().mean() < 1
    assert (blurry.flip(-1) - sharp).abs().float().mean() > 10


def test_validation_pairs_are_left_alone():
    pair = real_pair(0)
    made = SyntheticBlurPreprocessor()(pseudo_collate([pair]), training=False)
    assert torch.equal(to_8_bits(made["inputs"])[0], pair["inputs"])


def test_model_trains_on_what_the_device_blurs(photograph):
    model = DeblurringModel(
        {"type": "fcn_plugin.FCN", "width": 4, "pyramid_widths": (4, 6, 8)},
        {"type": "fcn_plugin.MultiStageRatioLoss"},
        data_preprocessor={"type": "fcn_plugin.SyntheticBlurPreprocessor", "sub_frames_at_once": 4},
    )
    data = model.data_preprocessor(
        pseudo_collate([sample(photograph, 0, False), real_pair(0)]), training=True
    )
    loss = model(**data, mode="loss")["loss"]
    loss.backward()
    assert torch.isfinite(loss)


def test_plain_preprocessor_says_what_to_set(photograph):
    with pytest.raises(InputError, match=r"render=False.*SyntheticBlurPreprocessor"):
        PairDataPreprocessor()(pseudo_collate([sample(photograph, 0, False)]), training=True)


def test_device_and_worker_average_the_same_frames():
    frames = list(np.random.default_rng(0).integers(0, 256, (13, 40, 50, 3), np.uint8))

    def averaged(seed, render):
        np.random.seed(seed)  # noqa: NPY002
        results = {"frames": frames, "key": str(seed), "dataset": "film"}
        for transform in (AverageFrames(SIZE, render=render), PairedRandomFlip(), PairedRandomRotate90()):
            results = transform(results)
        return PackPair()(results)

    batches = [pseudo_collate([averaged(seed, render) for seed in range(16)]) for render in (True, False)]
    assert len({image.shape for image in batches[1]["inputs"]}) > 1  # as many frames as were drawn
    expected, made = (SyntheticBlurPreprocessor()(batch, training=True) for batch in batches)
    assert (to_8_bits(made["inputs"]).int() - to_8_bits(expected["inputs"]).int()).abs().max() <= 1
    for a, b in zip(made["data_samples"], expected["data_samples"], strict=True):
        assert torch.equal(a.gt_img, b.gt_img)
