import copy
import gc
import json
import os
import pickle
import re
import shutil
from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest
from torch.utils.data import DataLoader, Dataset

from fcn_plugin.datasets.storage import FolderStore, LMDBPlan, LMDBStore, write_lmdbs
from fcn_plugin.errors import InputError


@pytest.fixture
def images(make_image):
    return {key: make_image() for key in ("000047", "GOPR0372_07_00/000047", "name.with.dots")}


@pytest.fixture
def path(tmp_path, images, write_basicsr_lmdb):
    write_basicsr_lmdb(tmp_path / "blur.lmdb", images)
    return tmp_path / "blur.lmdb"


@pytest.fixture
def write_raw_lmdb(tmp_path, write_images):
    """Writes an LMDB of uncompressed images and returns its path and {key: image}."""

    def write(*names, **size):
        images = write_images(tmp_path / "images", *names, **size)
        store = FolderStore(tmp_path / "images")
        path = tmp_path / "raw.lmdb"
        write_lmdbs([LMDBPlan(path, store, store.keys(), {})], workers=0, encoding="raw")
        return path, {Path(name).stem: image for name, image in images.items()}

    return write


def is_mapped(path):
    return str(path) in Path("/proc/self/maps").read_text()


def bytes_from_disk():
    """How much this process has read from disk so far, without what was in memory already."""
    return int(re.search(r"^read_bytes: (\d+)", Path("/proc/self/io").read_text(), re.MULTILINE)[1])


needs_proc = pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux tells in /proc")


class Means(Dataset):
    """The mean of each image of a store."""

    def __init__(self, store):
        self.store = store

    def __len__(self):
        return len(self.store.keys())

    def __getitem__(self, index):
        return self.store.read(self.store.keys()[index]).mean()


def test_reads_what_basicsr_wrote(path, images):
    store = LMDBStore(path)
    assert store.keys() == sorted(images)
    assert store.size("name.with.dots") == (24, 32)
    assert store.info == {}
    for key, image in images.items():
        np.testing.assert_array_equal(store.read(key), image)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_works_in_data_loader_workers(path, images, method):
    store = LMDBStore(path)
    store.read("000047")  # opened here before it is passed on
    means = DataLoader(Means(store), batch_size=None, num_workers=1, multiprocessing_context=method)
    assert list(means) == [images[key].mean() for key in sorted(images)]
    np.testing.assert_array_equal(store.read("000047"), images["000047"])


def test_environment_stays_behind_when_pickled_or_copied(path, images):
    store = LMDBStore(path)
    store.read("000047")
    # LMDB refuses to open a file twice in one process, and a copy lives beside its original.
    for other in (pickle.loads(pickle.dumps(store)), copy.deepcopy(store), LMDBStore(path)):
        np.testing.assert_array_equal(other.read("000047"), images["000047"])


def test_lmdb_that_was_replaced_is_read_anew(path, make_image, write_basicsr_lmdb):
    old = LMDBStore(path)
    before = old.read("000047")
    path.rename(path.with_suffix(".old"))
    new_image = make_image()
    write_basicsr_lmdb(path, {"000047": new_image})
    np.testing.assert_array_equal(LMDBStore(path).read("000047"), new_image)
    np.testing.assert_array_equal(old.read("000047"), before)


def test_raw_images_are_read_without_a_copy(write_raw_lmdb):
    path, images = write_raw_lmdb("a.png", "b.png")
    store = LMDBStore(path)
    for key, image in images.items():
        read = store.read(key)
        np.testing.assert_array_equal(read, image)
        assert np.shares_memory(read, store.read(key))
        assert not read.flags.writeable
        assert read.flags.c_contiguous


@needs_proc
def test_a_crop_of_a_raw_image_reads_only_its_rows_from_disk(write_raw_lmdb):
    path, images = write_raw_lmdb("large.png", height=2000, width=2000)
    with (path / "data.mdb").open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # so that it has to be read again
    image = LMDBStore(path).read("large")
    before = bytes_from_disk()
    crop = np.array(image[1000:1016, 500:516])
    by_crop = bytes_from_disk() - before
    whole = np.array(image)
    by_whole = bytes_from_disk() - before
    np.testing.assert_array_equal(whole, images["large"])
    np.testing.assert_array_equal(crop, whole[1000:1016, 500:516])
    if by_whole < whole.nbytes / 2:
        pytest.skip(f"{path} is not on a disk that could be read from")
    assert by_crop < by_whole / 20


@needs_proc
def test_a_raw_lmdb_stays_mapped_as_long_as_an_array_needs_it(write_raw_lmdb):
    path, images = write_raw_lmdb("a.png")
    store = LMDBStore(path)
    rows = store.read("a")[5:10].transpose(2, 0, 1)
    del store
    gc.collect()
    np.testing.assert_array_equal(rows, images["a"][5:10].transpose(2, 0, 1))
    assert is_mapped(path / "data.mdb")
    del rows
    gc.collect()
    assert not is_mapped(path / "data.mdb")


class MeansBesideAnArray(Means):
    """Reads in a worker while it holds an array that was read before the worker was forked."""

    def __init__(self, store):
        super().__init__(store)
        self.read_before = store.read(store.keys()[0])

    def __getitem__(self, index):
        return super().__getitem__(index) + self.read_before.mean()


def test_array_read_before_a_fork_can_be_used_in_the_worker(write_raw_lmdb):
    path, images = write_raw_lmdb("a.png", "b.png")
    dataset = MeansBesideAnArray(LMDBStore(path))
    loader = DataLoader(dataset, batch_size=None, num_workers=1, multiprocessing_context="fork")
    assert list(loader) == [images[key].mean() + images["a"].mean() for key in "ab"]


def test_raw_image_of_another_size_than_listed_is_named(write_raw_lmdb):
    path, _ = write_raw_lmdb("a.png")
    (path / "meta_info.txt").write_text("a.raw (24,33,3) 0\n")
    with pytest.raises(
        InputError, match=r"'a' in .*raw\.lmdb has 2304 bytes, but is listed as .* of 33×24; wri"
    ):
        LMDBStore(path).read("a")


def test_lmdb_cut_short_is_refused(tmp_path, write_images):
    write_images(tmp_path / "images", "a.png", "b.png", height=200, width=200)
    store = FolderStore(tmp_path / "images")
    write_lmdbs([LMDBPlan(tmp_path / "a.lmdb", store, store.keys(), {})], workers=0)
    data = tmp_path / "a.lmdb/data.mdb"
    with data.open("r+b") as file:
        file.truncate(data.stat().st_size // 2)
    with pytest.raises(InputError, match=r"a\.lmdb is cut short: data\.mdb is smaller than its images; copy"):
        LMDBStore(tmp_path / "a.lmdb")


def test_unreadable_description_is_refused(path):
    (path / "dataset_info.json").write_text('{"encoding": ')
    with pytest.raises(InputError, match=r"blur\.lmdb/dataset_info\.json is not JSON \(.*\); build it again"):
        LMDBStore(path)


def test_unknown_encoding_is_refused(path):
    (path / "dataset_info.json").write_text(json.dumps({"encoding": "jxl"}))
    with pytest.raises(InputError, match=r"blur\.lmdb is encoded as 'jxl', not as one of png, raw; build it"):
        LMDBStore(path)


def test_grey_image_of_basicsr_is_expanded(tmp_path, make_image, write_basicsr_lmdb):
    grey = make_image()[..., 0]
    write_basicsr_lmdb(tmp_path / "grey.lmdb", {"a": grey})
    store = LMDBStore(tmp_path / "grey.lmdb")
    assert store.size("a") == (24, 32)
    np.testing.assert_array_equal(store.read("a"), np.repeat(grey[..., None], 3, axis=2))


@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_image_of_basicsr_is_refused(tmp_path, make_image, write_basicsr_lmdb, channels):
    deep = make_image()[..., :channels].astype(np.uint16) * 257
    write_basicsr_lmdb(tmp_path / "deep.lmdb", {"a": deep})
    with pytest.raises(InputError, match=r"'a' in .*deep\.lmdb holds uint16 values; convert it to 8-bit RGB"):
        LMDBStore(tmp_path / "deep.lmdb").read("a")


def test_unknown_key_is_refused(path):
    for ask in (LMDBStore(path).read, LMDBStore(path).size):
        with pytest.raises(InputError, match=r"has no image '000047\.png'; its keys look like '000047'"):
            ask("000047.png")


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.lmdb does not exist"):
        LMDBStore(tmp_path / "nowhere.lmdb")


def test_missing_list_is_refused(path):
    (path / "meta_info.txt").unlink()
    with pytest.raises(InputError, match=r"blur\.lmdb has no meta_info\.txt, .*; build it again with .*prep"):
        LMDBStore(path)


def test_empty_list_is_refused(path):
    (path / "meta_info.txt").write_text("")
    with pytest.raises(InputError, match=r"blur\.lmdb is empty: .*; build it again"):
        LMDBStore(path)


def test_unreadable_list_is_refused(path):
    (path / "meta_info.txt").write_text("000047.png (24,32,3) 1\n000048.png\n")
    with pytest.raises(InputError, match=r"Line 2 of .*meta_info\.txt should read .* not '000048\.png'"):
        LMDBStore(path)


def test_missing_data_is_refused(path):
    (path / "data.mdb").unlink()
    with pytest.raises(InputError, match=r"blur\.lmdb has no data\.mdb; build it again"):
        LMDBStore(path)


def test_what_is_no_lmdb_is_refused(path):
    (path / "data.mdb").write_bytes(b"nothing" * 1000)
    with pytest.raises(InputError, match=r"blur\.lmdb cannot be opened as an LMDB \(.*MDB_INVALID"):
        LMDBStore(path)


def test_half_built_lmdb_is_refused(path, images, write_basicsr_lmdb):
    shutil.rmtree(path)
    write_basicsr_lmdb(path, images, listed=[*images, "000048", "000049"])
    with pytest.raises(InputError, match=r"blur\.lmdb holds 3 of the 5 images its meta_info\.txt lists"):
        LMDBStore(path)


def test_key_that_is_listed_but_absent_is_refused(path, images, write_basicsr_lmdb):
    shutil.rmtree(path)
    write_basicsr_lmdb(path, images, listed=["000047", "000048"])
    with pytest.raises(InputError, match=r"blur\.lmdb lists '000048' in its .* but does not hold it"):
        LMDBStore(path).read("000048")


def test_damaged_image_is_named(path, make_image):
    with lmdb.open(str(path), map_size=1 << 24) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"000047", cv2.imencode(".png", make_image())[1].tobytes()[:100])
    with pytest.raises(InputError, match=r"'000047' in .*blur\.lmdb is not a readable image"):
        LMDBStore(path).read("000047")
