"""Writing LMDBs in BasicSR's layout, whole or not at all."""

import json
import math
import os
import shutil
import signal
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import lmdb
from rich.console import Console
from rich.progress import track

from fcn_plugin.datasets.storage.encodings import ENCODINGS
from fcn_plugin.datasets.storage.image_store import ImageStore
from fcn_plugin.datasets.storage.lmdb_layout import CHECKSUMS, DATA, DATASET_INFO, META_INFO
from fcn_plugin.datasets.storage.lmdb_store import LMDBStore
from fcn_plugin.errors import InputError
from fcn_plugin.files import whole_folder

MEBIBYTE = 1 << 20
ALLOWANCE = 1.1  # on the bytes expected from a sample, which also cover LMDB's pages
LONGEST_KEY = 511  # bytes, fixed when LMDB is compiled


@dataclass(frozen=True)
class LMDBPlan:
    """An LMDB to write: these keys of a store, into a folder ``NAME.lmdb``.

    ``info`` goes into its ``dataset_info.json``.
    """

    path: Path
    store: ImageStore
    keys: Sequence[str]
    info: Mapping[str, Any]


@dataclass(frozen=True)
class _Encoded:
    key: str
    content: bytes
    shape: tuple[int, int, int]
    checksum: int


# Encodes the images of these keys of the store of this number, in order.
_Encode = Callable[[int, Sequence[str]], Iterable[_Encoded]]


def write_lmdbs(
    plans: Sequence[LMDBPlan],
    workers: int,
    encoding: str = "png",
    overwrite: bool = False,
    report: Callable[[str], None] = print,
) -> None:
    """Writes each plan's images into an LMDB of BasicSR's layout.

    Encoding ``png`` is for exchange: BasicSR's readers read it unchanged. ``raw`` is for speed: rows of
    RGB as they are, of which a crop reads only its own. It takes height × width × 3 bytes an image:
    GoPro's 2103 training pairs, 11.6 GB.

    Each LMDB is built beside its place, read back against its checksums and only then put there. One
    that already holds the same images is left alone. Names with further dots or beyond ASCII are kept;
    only BasicSR's readers fail at those.

    Args:
        plans: What to write, all on one disk.
        workers: How many processes decode and encode; 0 for this one.
        encoding: ``png`` or ``raw``.
        overwrite: Whether to write LMDBs that are there already again.
        report: Receives a line for each LMDB.

    Raises:
        InputError: An image cannot be used, another LMDB is in the way or the disk is too small; nothing
            is left of the LMDB that was being built.
    """
    for plan in plans:
        _check_names(plan)
    if not overwrite:
        plans = [plan for plan in plans if not _is_there(plan, encoding, report)]
    if not plans:
        return
    expected_bytes = [_estimate_bytes(plan, encoding) for plan in plans]
    _check_disk_space(plans[0].path, sum(expected_bytes))
    console = Console(stderr=True)
    with _encoder([plan.store for plan in plans], encoding, workers) as encode:
        for index, plan in enumerate(plans):
            images = track(encode(index, plan.keys), plan.path.name, len(plan.keys), console=console)
            with whole_folder(plan.path) as folder:
                total_bytes = _write(folder, plan, encoding, images, expected_bytes[index])
                verify_lmdb(folder)
            size = f"{total_bytes / MEBIBYTE:.1f} MiB"
            report(f"{plan.path}: {len(plan.keys)} images, {size}, all read back and whole.")


def verify_lmdb(path: str | os.PathLike) -> None:
    """Reads every image of an LMDB written here and compares it with its checksum.

    Raises:
        InputError: An image is missing or differs from what was written.
    """
    lines = Path(path, CHECKSUMS).read_text(encoding="utf-8").splitlines()
    with (
        lmdb.open(str(path), readonly=True, lock=False) as environment,
        environment.begin(buffers=True) as transaction,
    ):
        for line in lines:
            checksum, key = line.split(" ", maxsplit=1)
            content = transaction.get(key.encode())
            if content is None or zlib.crc32(content) != int(checksum, 16):
                raise InputError(
                    f"{path} does not hold {key!r} as it was written; check the disk and write it again."
                )


def _check_names(plan: LMDBPlan) -> None:
    if plan.path.suffix != ".lmdb":
        raise InputError(f"{plan.path} must end in .lmdb, by which BasicSR and this package know an LMDB.")
    longest = max(plan.keys, key=lambda key: len(key.encode()))
    if len(longest.encode()) > LONGEST_KEY:
        raise InputError(
            f"{longest!r} is longer than an LMDB's keys may be ({LONGEST_KEY} bytes); rename it."
        )


def _is_there(plan: LMDBPlan, encoding: str, report: Callable[[str], None]) -> bool:
    if not plan.path.exists():
        return False
    there = LMDBStore(plan.path)
    keys = there.keys()
    if there.encoding != encoding:
        raise InputError(
            f"{plan.path} is encoded as {there.encoding}, not {encoding}; give --overwrite to replace it."
        )
    if keys != sorted(plan.keys):
        raise InputError(
            f"{plan.path} holds {len(keys)} other images than the {len(plan.keys)} of {plan.store.location}; "
            "give --overwrite to replace it."
        )
    report(f"{plan.path}: left alone, it already holds these {len(keys)} images.")
    return True


def _estimate_bytes(plan: LMDBPlan, encoding: str, samples: int = 8) -> int:
    bytes_per_pixel = ENCODINGS[encoding].bytes_per_pixel
    if bytes_per_pixel is not None:
        return sum(math.prod(plan.store.size(key)) for key in plan.keys) * bytes_per_pixel
    sample = plan.keys[:: -(-len(plan.keys) // samples)]
    return (
        sum(len(_encode(plan.store, key, encoding).content) for key in sample) * len(plan.keys) // len(sample)
    )


def _check_disk_space(path: Path, expected_bytes: int) -> None:
    needed = expected_bytes * ALLOWANCE
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(
            f"{folder} has {free / MEBIBYTE:.0f} MiB free of the {needed / MEBIBYTE:.0f} MiB needed; "
            "make room or choose another disk."
        )


def _write(
    folder: Path, plan: LMDBPlan, encoding: str, images: Iterable[_Encoded], expected_bytes: int
) -> int:
    """Writes the LMDB and the files that list its images; returns the images' bytes."""
    meta_lines, checksum_lines, total_bytes = [], [], 0
    compression = ENCODINGS[encoding].compression
    # Nothing is synced before the end: whole_folder does that, and until then nobody sees the folder.
    with lmdb.open(
        str(folder), map_size=_whole_mebibytes(expected_bytes * ALLOWANCE), sync=False
    ) as environment:
        for image in images:
            _put(environment, image)
            height, width, channels = image.shape
            meta_lines.append(f"{image.key}.{encoding} ({height},{width},{channels}) {compression}\n")
            checksum_lines.append(f"{image.checksum:08x} {image.key}\n")
            total_bytes += len(image.content)
        used_bytes = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
        environment.sync(True)
    # Where the system makes the file as large as the map (Windows), the unused rest is cut off.
    with (folder / DATA).open("r+b") as file:
        file.truncate(used_bytes)
    info = {
        **plan.info,
        "encoding": encoding,
        "channel_order": ENCODINGS[encoding].channel_order,
        "count": len(meta_lines),
        "total_bytes": total_bytes,
    }
    (folder / META_INFO).write_text("".join(meta_lines), encoding="utf-8")
    (folder / CHECKSUMS).write_text("".join(checksum_lines), encoding="utf-8")
    (folder / DATASET_INFO).write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    return total_bytes


def _put(environment: lmdb.Environment, image: _Encoded) -> None:
    while True:
        try:
            with environment.begin(write=True) as transaction:
                transaction.put(image.key.encode(), image.content)
            return
        except lmdb.MapFullError:
            map_size = environment.info()["map_size"]
            environment.set_mapsize(_whole_mebibytes(max(map_size * 1.25, map_size + 2 * len(image.content))))


def _whole_mebibytes(size: float) -> int:
    return (int(size) // MEBIBYTE + 1) * MEBIBYTE


def _encode(store: ImageStore, key: str, encoding: str) -> _Encoded:
    image = store.read(key)
    content = ENCODINGS[encoding].encode(image)
    return _Encoded(key, content, image.shape, zlib.crc32(content))


@contextmanager
def _encoder(stores: Sequence[ImageStore], encoding: str, workers: int) -> Iterator[_Encode]:
    if workers == 0:
        yield lambda index, keys: map(partial(_encode, stores[index], encoding=encoding), keys)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (stores,)) as pool:

        def encode(index: int, keys: Sequence[str]) -> Iterator[_Encoded]:
            pending = deque()
            try:
                for key in keys:
                    pending.append(pool.submit(_encode_in_worker, index, key, encoding))
                    # A few images under way keep the workers busy; more would only fill the memory.
                    if len(pending) > 3 * workers:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            except BrokenProcessPool as error:
                raise InputError("A worker was killed, often for lack of memory; use fewer.") from error

        try:
            yield encode
        finally:
            pool.shutdown(cancel_futures=True)


_worker_stores: list[ImageStore] = []


def _start_worker(stores: list[ImageStore]) -> None:
    # Ctrl-C reaches the workers too; the main process alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)  # the processes are the parallel part
    _worker_stores[:] = stores


def _encode_in_worker(index: int, key: str, encoding: str) -> _Encoded:
    return _encode(_worker_stores[index], key, encoding)
