import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from fcn_plugin.datasets import FrameSequenceDataset
from fcn_plugin.datasets.storage import FolderStore, LMDBPlan, write_lmdbs
from fcn_plugin.datasets.transforms import AverageFrames, PackPair
from fcn_plugin.errors import InputError


def windows(folder, frames=3):
    dataset = FrameSequenceDataset(folder, "film", frames)
    return [dataset.get_data_info(index)["frames"] for index in range(len(dataset))]


def test_windows_stay_within_their_sequence_and_in_order_of_number(tmp_path, write_images):
    write_images(tmp_path, *(f"b/sharp/{number}.png" for number in (8, 9, 10, 11)))
    write_images(tmp_path, *(f"a/frame{number:04}.png" for number in range(3)))
    assert windows(tmp_path) == [
        ["a/frame0000", "a/frame0001", "a/frame0002"],
        ["b/sharp/8", "b/sharp/9", "b/sharp/10"],
        ["b/sharp/9", "b/sharp/10", "b/sharp/11"],
    ]


def test_a_missing_frame_is_not_averaged_over(tmp_path, write_images):
    write_images(tmp_path, *(f"a/{number:03}.png" for number in (0, 1, 2, 4, 5, 6)))
    assert windows(tmp_path) == [["a/000", "a/001", "a/002"], ["a/004", "a/005", "a/006"]]
    with pytest.raises(InputError, match="has nowhere 5 frames whose numbers follow each other"):
        windows(tmp_path, 5)


def test_frames_reach_the_pipeline(tmp_path, write_images):
    images = write_images(tmp_path, *(f"a/{number}.png" for number in range(5)))
    dataset = FrameSequenceDataset(tmp_path, "film", 3, facts={"licence": "CC0"})
    results = dataset[1]
    np.testing.assert_array_equal(results["frames"], [images[f"a/{number}.png"] for number in (1, 2, 3)])
    assert (results["key"], results["ori_shape"], results["licence"]) == ("a/2", (24, 32), "CC0")
    assert dataset.metainfo == {"dataset": "film", "blur": "synthetic", "licence": "CC0"}


def test_raw_lmdb_lends_views_and_gives_the_folders_pairs(tmp_path, write_images):
    write_images(tmp_path / "frames", *(f"a/{number}.png" for number in range(5)))
    store = FolderStore(tmp_path / "frames")
    plan = LMDBPlan(tmp_path / "frames.lmdb", store, store.keys(), {})
    write_lmdbs([plan], workers=0, encoding="raw")
    assert not any(frame.flags.owndata for frame in FrameSequenceDataset(plan.path, "film", 3)[0]["frames"])
    pairs = []
    for source in (plan.path, tmp_path / "frames"):
        np.random.seed(0)  # noqa: NPY002
        dataset = FrameSequenceDataset(source, "film", 3, pipeline=[AverageFrames(16, (3, 3)), PackPair()])
        batches = DataLoader(dataset, batch_size=3, collate_fn=pseudo_collate)
        pairs.append(next(iter(batches))["inputs"])
    torch.testing.assert_close(*pairs, rtol=0, atol=0)


def test_frames_of_different_sizes_are_refused(tmp_path, write_images):
    write_images(tmp_path, "a/0.png", "a/1.png")
    write_images(tmp_path, "a/2.png", height=20)
    with pytest.raises(InputError, match=r"The 3 frames around 'a/1' in .* differ in size"):
        FrameSequenceDataset(tmp_path, "film", 3)[0]


@pytest.mark.parametrize("frames", [1, 4])
def test_a_window_needs_a_middle(tmp_path, frames):
    with pytest.raises(InputError, match=f"frames must be an odd number from 3 up, not {frames}"):
        FrameSequenceDataset(tmp_path, "film", frames)


def test_a_name_without_a_number_is_refused(tmp_path, write_images):
    write_images(tmp_path, "a/first.png")
    with pytest.raises(InputError, match="'a/first' ends in no number"):
        FrameSequenceDataset(tmp_path, "film", 3)


@pytest.mark.parametrize(("step", "warned"), [(1, False), (5, True)])
def test_frames_too_far_apart_are_warned_of(tmp_path, caplog, step, warned):
    coarse = np.random.default_rng(0).integers(0, 256, (8, 24, 3), np.uint8)
    landscape = cv2.resize(coarse, (192, 64), interpolation=cv2.INTER_CUBIC)
    for number in range(9):
        cv2.imwrite(str(tmp_path / f"{number}.png"), landscape[:, number * step : number * step + 96])
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    try:
        FrameSequenceDataset(tmp_path, "film", 7)
    finally:
        logger.removeHandler(caplog.handler)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * warned
    assert all("may show edges as separate copies" in message for message in caplog.messages)
