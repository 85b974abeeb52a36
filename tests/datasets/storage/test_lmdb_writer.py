import json
import os
import shutil
import zlib
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest

from fcn_plugin.datasets.storage import (
    FolderStore,
    LMDBPlan,
    LMDBStore,
    lmdb_writer,
    verify_lmdb,
    write_lmdbs,
)
from fcn_plugin.errors import InputError

NAMES = [f"000/{number:03d}.png" for number in range(5)]


@pytest.fixture
def store(tmp_path, write_images):
    write_images(tmp_path / "images", *NAMES)
    return FolderStore(tmp_path / "images")


def plan_of(store, path):
    return LMDBPlan(Path(path), store, store.keys(), {"dataset": "GoPro", "blur": "linear", "role": "blur"})


def damage(store, key):
    Path(store.location, f"{key}.png").write_bytes(b"damaged")


def overwrite_value(path, key, value):
    with lmdb.open(str(path), map_size=1 << 24) as environment, environment.begin(write=True) as transaction:
        transaction.put(key.encode(), value)


class KillsItsProcess:
    """A store whose second image ends the process that reads it, but not the one it was made in."""

    location = "a deadly store"
    info = {}  # noqa: RUF012

    def __init__(self):
        self.made_in = os.getpid()

    def read(self, key):
        if key == "b" and os.getpid() != self.made_in:
            os._exit(1)
        return np.zeros((8, 8, 3), np.uint8)


def test_images_come_back_bit_for_bit(store, tmp_path):
    write_lmdbs([plan_of(store, tmp_path / "a.lmdb")], workers=0)
    written = LMDBStore(tmp_path / "a.lmdb")
    keys = written.keys()
    assert keys == store.keys()
    for key in keys:
        np.testing.assert_array_equal(written.read(key), store.read(key))
        assert written.size(key) == (24, 32)


def test_worker_processes_write_the_same(store, tmp_path):
    plans = [plan_of(store, tmp_path / name) for name in ("a.lmdb", "b.lmdb")]
    write_lmdbs(plans, workers=2)
    write_lmdbs([plan_of(store, tmp_path / "here.lmdb")], workers=0)
    for plan in plans:
        for name in ("checksums.txt", "meta_info.txt", "dataset_info.json"):
            assert (plan.path / name).read_text() == (tmp_path / "here.lmdb" / name).read_text()
        verify_lmdb(plan.path)


def test_basicsr_reads_it(store, tmp_path):
    path = tmp_path / "a.lmdb"
    write_lmdbs([plan_of(store, path)], workers=0)
    assert sorted(os.listdir(path)) == [
        "checksums.txt", "data.mdb", "dataset_info.json", "lock.mdb", "meta_info.txt"
    ]  # fmt: skip
    lines = (path / "meta_info.txt").read_text().splitlines()
    assert lines[0] == "000/000.png (24,32,3) 1"
    with lmdb.open(str(path), readonly=True, lock=False, readahead=False) as environment:
        for line in lines:
            value = environment.begin().get(line.split(".")[0].encode("ascii"))
            image = cv2.imdecode(np.frombuffer(value, np.uint8), cv2.IMREAD_COLOR)
            np.testing.assert_array_equal(image[..., ::-1], store.read(line.split(".")[0]))


def test_says_what_it_holds(store, tmp_path):
    path = tmp_path / "a.lmdb"
    write_lmdbs([plan_of(store, path)], workers=0)
    info = LMDBStore(path).info
    assert (info["dataset"], info["blur"], info["role"], info["count"]) == ("GoPro", "linear", "blur", 5)
    with lmdb.open(str(path), readonly=True, lock=False) as environment, environment.begin() as transaction:
        values = {key.decode(): value for key, value in transaction.cursor()}
    assert info["total_bytes"] == sum(map(len, values.values()))
    assert json.loads((path / "dataset_info.json").read_text()) == info
    assert (path / "checksums.txt").read_text().splitlines() == [
        f"{zlib.crc32(value):08x} {key}" for key, value in values.items()
    ]


def test_reports_counts(store, tmp_path):
    lines = []
    write_lmdbs([plan_of(store, tmp_path / "a.lmdb")], workers=0, report=lines.append)
    assert len(lines) == 1
    assert lines[0].startswith(f"{tmp_path / 'a.lmdb'}: 5 images, 0.0 MiB")


def test_names_with_dots_and_beyond_ascii(tmp_path, write_images):
    write_images(tmp_path / "images", "a.b.c.png", "größe 1.png")
    store = FolderStore(tmp_path / "images")
    write_lmdbs([plan_of(store, tmp_path / "a.lmdb")], workers=0)
    verify_lmdb(tmp_path / "a.lmdb")
    written = LMDBStore(tmp_path / "a.lmdb")
    assert written.keys() == ["a.b.c", "größe 1"]
    np.testing.assert_array_equal(written.read("größe 1"), store.read("größe 1"))


def test_map_grows_and_the_file_is_no_larger_than_its_images(tmp_path, write_images):
    # The images that the sample sees are flat and small; the others are noise and large.
    write_images(tmp_path / "images", *(f"{number:02d}.png" for number in range(32)), height=256, width=256)
    for number in range(0, 32, 4):
        cv2.imwrite(str(tmp_path / f"images/{number:02d}.png"), np.zeros((256, 256, 3), np.uint8))
    store = FolderStore(tmp_path / "images")
    write_lmdbs([plan_of(store, tmp_path / "a.lmdb")], workers=0)
    written = LMDBStore(tmp_path / "a.lmdb")
    keys = store.keys()
    for key in keys:
        np.testing.assert_array_equal(written.read(key), store.read(key))
    total_bytes = written.info["total_bytes"]
    assert total_bytes > 4 << 20  # so that the first map of 1 MiB was too small
    assert total_bytes < (tmp_path / "a.lmdb/data.mdb").stat().st_size < total_bytes * 1.1


def test_whole_lmdb_is_left_alone(store, tmp_path):
    plan = plan_of(store, tmp_path / "a.lmdb")
    write_lmdbs([plan], workers=0)
    before = (plan.path / "data.mdb").stat()
    lines = []
    write_lmdbs([plan], workers=0, report=lines.append)
    assert lines == [f"{plan.path}: left alone, it already holds these 5 images."]
    after = (plan.path / "data.mdb").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_overwrite_replaces(store, tmp_path, make_image):
    plan = plan_of(store, tmp_path / "a.lmdb")
    write_lmdbs([plan], workers=0)
    cv2.imwrite(str(tmp_path / "images" / NAMES[0]), make_image())
    write_lmdbs([plan], workers=0, overwrite=True)
    np.testing.assert_array_equal(LMDBStore(plan.path).read("000/000"), store.read("000/000"))


def test_lmdb_of_other_images_is_in_the_way(store, tmp_path, write_images):
    write_lmdbs([plan_of(store, tmp_path / "a.lmdb")], workers=0)
    write_images(tmp_path / "images", "000/005.png")
    with pytest.raises(InputError, match=r"a\.lmdb holds 5 other images than the 6 of .*--overwrite"):
        write_lmdbs([plan_of(FolderStore(tmp_path / "images"), tmp_path / "a.lmdb")], workers=0)


@pytest.mark.parametrize("workers", [0, 1])
def test_failure_midway_leaves_nothing(tmp_path, write_images, workers):
    write_images(tmp_path / "images", *(f"{number:02d}.png" for number in range(17)))
    store = FolderStore(tmp_path / "images")
    damage(store, "10")  # the sample takes every third
    with pytest.raises(InputError, match=r"10\.png is not a readable image"):
        write_lmdbs([plan_of(store, tmp_path / "out/a.lmdb")], workers=workers)
    assert os.listdir(tmp_path / "out") == []


def test_failed_overwrite_leaves_the_old_one(store, tmp_path):
    plan = plan_of(store, tmp_path / "out/a.lmdb")
    write_lmdbs([plan], workers=0)
    damage(store, "000/003")
    with pytest.raises(InputError, match=r"003\.png is not a readable image"):
        write_lmdbs([plan], workers=0, overwrite=True)
    assert os.listdir(tmp_path / "out") == ["a.lmdb"]
    verify_lmdb(plan.path)


def test_killed_worker_is_an_error(tmp_path):
    plan = LMDBPlan(tmp_path / "out/a.lmdb", KillsItsProcess(), ["a", "b", "c"], {})
    with pytest.raises(InputError, match="A worker was killed, often for lack of memory"):
        write_lmdbs([plan], workers=1)
    assert os.listdir(tmp_path / "out") == []


def test_image_that_changed_on_the_way_to_the_disk_is_noticed(store, tmp_path, monkeypatch):
    put = lmdb_writer._put
    damaging_put = lambda environment, image: put(environment, replace(image, content=image.content[:-1]))  # noqa: E731
    monkeypatch.setattr(lmdb_writer, "_put", damaging_put)
    with pytest.raises(InputError, match="does not hold '000/000' as it was written; check the disk"):
        write_lmdbs([plan_of(store, tmp_path / "out/a.lmdb")], workers=0)
    assert os.listdir(tmp_path / "out") == []


def test_verify_notices_one_changed_byte(store, tmp_path):
    path = tmp_path / "a.lmdb"
    write_lmdbs([plan_of(store, path)], workers=0)
    with lmdb.open(str(path)) as environment, environment.begin() as transaction:
        value = bytearray(transaction.get(b"000/003"))
    value[-20] ^= 1
    overwrite_value(path, "000/003", bytes(value))
    with pytest.raises(InputError, match=r"a\.lmdb does not hold '000/003' as it was written"):
        verify_lmdb(path)


def test_short_disk_is_refused_before_writing(store, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(100, 99, 1))
    with pytest.raises(InputError, match=f"{tmp_path} has 0 MiB free of the .* MiB needed; make room"):
        write_lmdbs([plan_of(store, tmp_path / "deep/er/a.lmdb")], workers=0)
    assert not (tmp_path / "deep").exists()


def test_other_names_than_lmdb_are_refused(store, tmp_path):
    with pytest.raises(InputError, match=r"a\.db must end in \.lmdb"):
        write_lmdbs([plan_of(store, tmp_path / "a.db")], workers=0)


def test_name_too_long_for_lmdb_is_refused(tmp_path, write_images):
    name = "/".join(["x" * 200] * 3) + ".png"
    write_images(tmp_path, name)
    with pytest.raises(InputError, match=r"is longer than an LMDB's keys may be \(511 bytes\); rename it"):
        write_lmdbs([plan_of(FolderStore(tmp_path), tmp_path / "a.lmdb")], workers=0)
