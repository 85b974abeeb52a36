import importlib.util
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections import namedtuple
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest
from filelock import FileLock

from fcn_plugin.datasets.storage import FolderStore, LMDBPlan, LMDBStore, verify_lmdb, write_lmdbs
from fcn_plugin.datasets.storage.partial_lmdb import PartialLMDB
from fcn_plugin.errors import InputError
from fcn_plugin.files import unfinished_folder

TOOL = Path(__file__).parents[3] / "tools/prepare_data.py"

Usage = namedtuple("Usage", "total used free")  # what shutil.disk_usage tells
NAMES = [f"000/{number:03d}.png" for number in range(5)]


@pytest.fixture
def store(tmp_path, write_images):
    write_images(tmp_path / "images", *NAMES)
    return FolderStore(tmp_path / "images")


def plan_of(store, path):
    return LMDBPlan(Path(path), store, store.keys(), {"dataset": "GoPro", "blur": "linear", "role": "blur"})


def damage(store, key):
    path = Path(store.location, f"{key}.png")
    path.write_bytes(path.read_bytes()[:100])  # its header is whole


def test_images_come_back_bit_for_bit(store, tmp_path):
    write_lmdbs([plan_of(store, tmp_path / "a.lmdb")], workers=0)
    written = LMDBStore(tmp_path / "a.lmdb")
    keys = written.keys()
    assert keys == store.keys()
    for key in keys:
        np.testing.assert_array_equal(written.read(key), store.read(key))
        assert written.size(key) == (24, 32)


def test_worker_processes_write_the_same(store, tmp_path, write_images):
    write_images(tmp_path / "others", *(f"{number:02d}.png" for number in range(13)))
    stores = {"a.lmdb": store, "b.lmdb": FolderStore(tmp_path / "others")}
    write_lmdbs([plan_of(source, tmp_path / name) for name, source in stores.items()], workers=2)
    write_lmdbs([plan_of(source, tmp_path / "here" / name) for name, source in stores.items()], workers=0)
    for name in stores:
        for file in ("checksums.txt", "meta_info.txt", "dataset_info.json"):
            assert (tmp_path / name / file).read_text() == (tmp_path / "here" / name / file).read_text()
        assert verify_lmdb(tmp_path / name) == []


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


def test_lists_uncompressed_images(store, tmp_path):
    path = tmp_path / "a.lmdb"
    write_lmdbs([plan_of(store, path)], workers=0, encoding="raw")
    assert (path / "meta_info.txt").read_text().splitlines()[0] == "000/000.raw (24,32,3) 0"
    info = LMDBStore(path).info
    assert (info["encoding"], info["total_bytes"]) == ("raw", 5 * 24 * 32 * 3)
    with lmdb.open(str(path), readonly=True, lock=False) as environment, environment.begin() as transaction:
        assert transaction.get(b"000/003") == store.read("000/003").tobytes()


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
    assert verify_lmdb(tmp_path / "a.lmdb") == []
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


def test_an_image_that_has_changed_since_is_noticed(tmp_path):
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images/a.png"), np.zeros((8, 8, 3), np.uint8))
    write_lmdbs([plan_of(FolderStore(tmp_path / "images"), tmp_path / "a.lmdb")], workers=0)
    cv2.imwrite(str(tmp_path / "images/a.png"), np.ones((8, 8, 3), np.uint8))
    plan = plan_of(FolderStore(tmp_path / "images"), tmp_path / "a.lmdb")
    with pytest.raises(InputError, match=r"a\.lmdb holds another image 'a' than .*images.*give --overwrite"):
        write_lmdbs([plan], workers=0)
    write_lmdbs([plan], workers=0, overwrite=True)
    assert LMDBStore(plan.path).read("a").all()


def test_whole_lmdb_is_left_alone(store, tmp_path):
    plan = plan_of(store, tmp_path / "a.lmdb")
    write_lmdbs([plan], workers=0)
    before = (plan.path / "data.mdb").stat()
    lines = []
    write_lmdbs([plan], workers=0, report=lines.append)
    assert lines == [
        f"{plan.path}: left alone, it already holds these 5 images, by their names and the pixels of 5."
    ]
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


def test_lmdb_of_another_encoding_is_in_the_way(store, tmp_path):
    plan = plan_of(store, tmp_path / "a.lmdb")
    write_lmdbs([plan], workers=0)
    with pytest.raises(
        InputError, match=r"a\.lmdb is encoded as png, not raw; give --overwrite to replace it"
    ):
        write_lmdbs([plan], workers=0, encoding="raw")
    write_lmdbs([plan], workers=0, encoding="raw", overwrite=True)
    assert LMDBStore(plan.path).encoding == "raw"


@pytest.mark.parametrize("workers", [0, 1])
def test_run_that_failed_is_gone_on_with(tmp_path, write_images, workers):
    images = write_images(tmp_path / "images", *(f"{number:02d}.png" for number in range(17)))
    store = FolderStore(tmp_path / "images")
    plan = plan_of(store, tmp_path / "out/a.lmdb")
    damage(store, "10")  # the sample takes every third
    lines = []
    with pytest.raises(InputError, match=r"10\.png is not a readable image"):
        write_lmdbs([plan], workers, report=lines.append)
    assert os.listdir(tmp_path / "out") == [".a.lmdb.partial"]
    cv2.imwrite(str(tmp_path / "images/10.png"), images["10.png"][..., ::-1])
    write_lmdbs([plan], workers=0, report=lines.append)
    assert [line.removeprefix(f"{plan.path}: ").split(";")[0] for line in lines[:2]] == [
        "unfinished, 10 of 17 images are kept",
        "going on, 10 of 17 images are there already.",
    ]
    assert os.listdir(tmp_path / "out") == ["a.lmdb"]
    assert verify_lmdb(plan.path) == []
    written = LMDBStore(plan.path)
    for name, image in images.items():
        np.testing.assert_array_equal(written.read(name.removesuffix(".png")), image)


def test_failed_overwrite_leaves_the_old_one(store, tmp_path):
    plan = plan_of(store, tmp_path / "out/a.lmdb")
    write_lmdbs([plan], workers=0)
    damage(store, "000/003")
    with pytest.raises(InputError, match=r"003\.png is not a readable image"):
        write_lmdbs([plan], workers=0, encoding="raw", overwrite=True)
    assert sorted(os.listdir(tmp_path / "out")) == [".a.lmdb.partial", "a.lmdb"]
    assert verify_lmdb(plan.path) == []


def test_image_that_changed_on_the_way_to_the_disk_is_noticed_and_written_anew(store, tmp_path, monkeypatch):
    plan = plan_of(store, tmp_path / "out/a.lmdb")
    commit = PartialLMDB._commit

    def damaging_commit(partial, images):
        commit(partial, [replace(images[0], content=images[0].content[:-1]), *images[1:]])

    with monkeypatch.context() as patched:
        patched.setattr(PartialLMDB, "_commit", damaging_commit)
        with pytest.raises(InputError, match=r"1 of its images were damaged .*\('000/000' in .* is not what"):
            write_lmdbs([plan], workers=0)
    assert os.listdir(tmp_path / "out") == [".a.lmdb.partial"]
    lines = []
    write_lmdbs([plan], workers=0, report=lines.append)
    assert lines[0] == f"{plan.path}: going on, 4 of 5 images are there already."
    assert verify_lmdb(plan.path) == []


def test_second_run_at_once_touches_nothing(store, tmp_path):
    plan = plan_of(store, tmp_path / "out/a.lmdb")
    write_lmdbs([plan], workers=0)
    lock = unfinished_folder(plan.path).with_name("lock")
    lock.parent.mkdir()
    with FileLock(lock):
        before = sorted((tmp_path / "out").rglob("*"))
        with pytest.raises(
            InputError, match=r"a\.lmdb is being written by another run; wait for it or end it"
        ):
            write_lmdbs([plan], workers=0, overwrite=True)
        assert sorted((tmp_path / "out").rglob("*")) == before
    write_lmdbs([plan], workers=0, overwrite=True)
    assert os.listdir(tmp_path / "out") == ["a.lmdb"]


def in_forked_process(prepare, plan, **arguments):
    """The error that a run ends with in a process of its own, after ``prepare()``."""

    def run(errors):
        prepare()
        try:
            write_lmdbs([plan], workers=0, report=lambda line: None, **arguments)
        except InputError as error:
            errors.send(str(error))

    receiver, sender = get_context("fork").Pipe(duplex=False)
    process = get_context("fork").Process(target=run, args=(sender,))
    process.start()
    sender.close()
    try:
        assert receiver.poll(60), "the process neither ends nor says why"
        return receiver.recv()
    finally:
        process.kill()
        process.join()


@pytest.mark.skipif(os.name != "posix", reason="only POSIX limits the size of files")
def test_disk_that_fills_up_midway_loses_nothing(tmp_path, write_images):
    import resource

    names = [f"{number:02d}.png" for number in range(40)]
    images = write_images(tmp_path / "images", *names, height=400, width=640)
    store = FolderStore(tmp_path / "images")
    plan = plan_of(store, tmp_path / "out/a.lmdb")

    def fill_the_disk():
        # To the process, a file that may not grow is what a full disk is.
        resource.setrlimit(resource.RLIMIT_FSIZE, (20 << 20, resource.RLIM_INFINITY))

    message = in_forked_process(fill_the_disk, plan, encoding="raw")
    assert re.search(
        r"out/a\.lmdb cannot be written \(mdb_txn_commit: .*; .*out has \d+ MiB free\); make room, .* again",
        message,
    )
    assert os.listdir(tmp_path / "out") == [".a.lmdb.partial"]
    lines = []
    write_lmdbs([plan], workers=0, encoding="raw", report=lines.append)
    kept = int(re.search(r"going on, (\d+) of 40 images are there already", lines[0])[1])
    assert kept * 400 * 640 * 3 > 15 << 20
    for name, image in images.items():
        np.testing.assert_array_equal(LMDBStore(plan.path).read(name.removesuffix(".png")), image)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_place_that_may_not_be_written_to(store, tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)  # for only its owner may pass through the folders above
    Path("closed").mkdir(mode=0o555)

    def become_somebody_whom_modes_bind():
        if os.getuid() == 0:
            os.setuid(65534)

    plan = plan_of(FolderStore("images"), "closed/a.lmdb")
    message = in_forked_process(become_somebody_whom_modes_bind, plan)
    assert re.match(
        r"closed/a\.lmdb cannot be written \(Permission denied; .*\); .* allow writing there", message
    )
    assert os.listdir("closed") == []


def test_file_in_the_place_of_a_folder(store, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(
        InputError, match=r"file/a\.lmdb cannot be written \(.*; .* has .* choose another place"
    ):
        write_lmdbs([plan_of(store, tmp_path / "file/a.lmdb")], workers=0)


def run_tool(*words):
    """Runs tools/prepare_data.py in this process."""
    specification = importlib.util.spec_from_file_location("prepare_data", TOOL)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    module.main(list(map(str, words)))


@pytest.mark.skipif(os.name != "posix", reason="only POSIX kills")
def test_killed_run_leaves_no_half_dataset_and_is_gone_on_with(tmp_path, write_images, capsys):
    write_images(tmp_path / "images", "00.png", height=500, width=600)
    for number in range(1, 40):
        (tmp_path / f"images/{number:02d}.png").hardlink_to(tmp_path / "images/00.png")
    store = FolderStore(tmp_path / "images")
    path, record = tmp_path / "out/a.lmdb", tmp_path / "out/.a.lmdb.partial/written.txt"
    command = [sys.executable, TOOL, "folder", "--source", tmp_path / "images", "--out", path, "--workers"]
    with subprocess.Popen([*command, "1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        while process.poll() is None and not (record.exists() and record.stat().st_size):
            time.sleep(0.01)
        process.send_signal(signal.SIGSTOP)  # so that it is not done before it is killed
        with pytest.raises(InputError, match="is being written by another run"):
            write_lmdbs([LMDBPlan(path, store, store.keys(), {"dataset": "a"})], workers=0)
        process.kill()
        process.communicate(timeout=60)  # also waits for its worker, which writes to the same pipe
    assert process.returncode == -signal.SIGKILL
    assert os.listdir(tmp_path / "out") == [".a.lmdb.partial"]
    run_tool(*command[2:], "0")
    kept = re.match(rf"{path}: going on, (\d+) of 40 images are there already\.", capsys.readouterr().out)
    assert 0 < int(kept[1]) < 40
    assert verify_lmdb(path) == []
    whole = tmp_path / "whole/a.lmdb"
    write_lmdbs([LMDBPlan(whole, store, store.keys(), {"dataset": "a"})], workers=0)
    for name in ("checksums.txt", "meta_info.txt", "dataset_info.json"):
        assert (path / name).read_text() == (whole / name).read_text()


def test_short_disk_is_refused_before_writing(store, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100, 99, 1))
    with pytest.raises(InputError, match=f"{tmp_path} has 0 MiB free of the .* MiB needed; make room"):
        write_lmdbs([plan_of(store, tmp_path / "deep/er/a.lmdb")], workers=0)
    assert not (tmp_path / "deep").exists()


@pytest.mark.parametrize(("spare_bytes", "kept"), [(0, 0), (-1, 0), (0, 4), (-1, 4)])
def test_space_needed_is_what_the_images_take_less_what_is_there(
    store, tmp_path, monkeypatch, spare_bytes, kept
):
    plan = plan_of(store, tmp_path / "a.lmdb")
    needed = 5 * 24 * 32 * 3 * 1.1
    if kept:
        key = store.keys()[kept]
        image = store.read(key)
        damage(store, key)
        with pytest.raises(InputError, match="not a readable image"):
            write_lmdbs([plan], workers=0, encoding="raw")
        cv2.imwrite(f"{tmp_path}/images/{key}.png", image[..., ::-1])
        needed -= (unfinished_folder(plan.path) / "data.mdb").stat().st_size
    free = math.ceil(needed) + spare_bytes
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, free))
    if spare_bytes < 0:
        with pytest.raises(InputError, match="MiB free of the"):
            write_lmdbs([plan], workers=0, encoding="raw")
    else:
        write_lmdbs([plan], workers=0, encoding="raw")


def test_other_names_than_lmdb_are_refused(store, tmp_path):
    with pytest.raises(InputError, match=r"a\.db must end in \.lmdb"):
        write_lmdbs([plan_of(store, tmp_path / "a.db")], workers=0)


def test_name_too_long_for_lmdb_is_refused(tmp_path, write_images):
    name = "/".join(["x" * 200] * 3) + ".png"
    write_images(tmp_path, name)
    with pytest.raises(InputError, match=r"is longer than an LMDB's keys may be \(511 bytes\); rename it"):
        write_lmdbs([plan_of(FolderStore(tmp_path), tmp_path / "a.lmdb")], workers=0)
