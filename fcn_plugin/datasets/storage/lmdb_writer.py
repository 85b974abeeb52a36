"""Writing LMDBs in BasicSR's layout, whole or not at all."""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
from filelock import Timeout
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from fcn_plugin.datasets.storage.encoder_pool import EncodedImage, encode_image, encoder_pool
from fcn_plugin.datasets.storage.encodings import ENCODINGS
from fcn_plugin.datasets.storage.image_store import ImageStore
from fcn_plugin.datasets.storage.lmdb_layout import DATA
from fcn_plugin.datasets.storage.lmdb_store import LMDBStore
from fcn_plugin.datasets.storage.lmdb_verify import verify_lmdb
from fcn_plugin.datasets.storage.partial_lmdb import MEBIBYTE, PartialLMDB
from fcn_plugin.errors import InputError
from fcn_plugin.files import cannot_be_written, free_bytes, resumable_folder, unfinished_folder

ALLOWANCE = 1.1  # on the images' bytes, for LMDB's pages and for what a sample does not tell
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


def write_lmdbs(
    plans: Sequence[LMDBPlan],
    workers: int,
    encoding: str = "png",
    overwrite: bool = False,
    report: Callable[[str], None] = print,
) -> None:
    """Writes each plan's images into an LMDB of BasicSR's layout.

    Each LMDB is built beside its place, read back against its checksums and only then put there. One
    that already holds images of the same names, and of a sample the same pixels, is left alone. A run that
    ends early, in whatever way, leaves what it wrote, and the next one with the same plan goes on from there.

    Encoding ``png`` is for exchange: BasicSR's readers read it unchanged (but names with further dots or
    beyond ASCII, at which they fail). ``raw`` is for speed: uncompressed rows of RGB, of which a crop
    reads only its own. It takes height × width × 3 bytes an image, 11.6 GB for GoPro's 2103 training
    pairs; PNG files take 0.4 of that for GoPro and half of it for the sharper REDS.

    Args:
        plans: What to write, all on one disk.
        workers: How many processes decode and encode; 0 for this one.
        encoding: ``png`` or ``raw``.
        overwrite: Whether to write LMDBs that are there already again.
        report: Receives a line for each LMDB, and for each that is gone on with or left unfinished.

    Raises:
        InputError: An image cannot be used, another LMDB is in the way, another run writes the same one,
            the place cannot be written to or the disk is too small.
    """
    for plan in plans:
        _check_names(plan)
    if not overwrite:
        plans = [plan for plan in plans if not _is_there(plan, encoding, report)]
    if not plans:
        return
    expected_bytes = [_expect_bytes(plan, encoding) for plan in plans]
    _check_disk_space(plans, expected_bytes)
    with encoder_pool([plan.store for plan in plans], encoding, workers) as encode:
        for index, plan in enumerate(plans):
            with _one_sentence(plan.path):
                _write(plan, encoding, partial(encode, index), expected_bytes[index], report)


def _write(
    plan: LMDBPlan,
    encoding: str,
    encode: Callable[[Sequence[str]], Iterable[EncodedImage]],
    expected_bytes: float,
    report: Callable[[str], None],
) -> None:
    count = len(plan.keys)
    with resumable_folder(plan.path) as folder:
        with PartialLMDB(
            folder, plan.keys, encoding, plan.info, plan.store.location, expected_bytes
        ) as unfinished:
            missing = unfinished.missing
            if len(missing) < count:
                report(f"{plan.path}: going on, {count - len(missing)} of {count} images are there already.")
            name = escape(plan.path.name)
            images = track(encode(missing), name, len(missing), console=Console(stderr=True))
            try:
                unfinished.write(images)
            finally:
                missing = unfinished.missing
                if missing:
                    report(
                        f"{plan.path}: unfinished, {count - len(missing)} of {count} images are kept; "
                        "run the command again to go on."
                    )
            total_bytes = unfinished.finish()
        broken = verify_lmdb(folder)
        if broken:
            raise InputError(
                f"{plan.path} cannot be finished, for {len(broken)} of its images were damaged on the way to "
                f"the disk ({broken[0]}); check the disk and run the command again to write those anew."
            )
    size = f"{total_bytes / MEBIBYTE:.1f} MiB"
    report(f"{plan.path}: {count} images, {size}, all read back and whole.")


def _check_names(plan: LMDBPlan) -> None:
    if plan.path.suffix != ".lmdb":
        raise InputError(f"{plan.path} must end in .lmdb, by which BasicSR and this package know an LMDB.")
    longest = max(plan.keys, key=lambda key: len(key.encode()))
    if len(longest.encode()) > LONGEST_KEY:
        raise InputError(
            f"{longest!r} is longer than an LMDB's keys may be ({LONGEST_KEY} bytes); rename it."
        )


def _is_there(plan: LMDBPlan, encoding: str, report: Callable[[str], None]) -> bool:
    if not os.path.exists(
        plan.path
    ):  # a folder that may not be looked into is found out when it is written to
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
    sample = _sample(plan)
    changed = [key for key in sample if not np.array_equal(there.read(key), plan.store.read(key))]
    if changed:
        raise InputError(
            f"{plan.path} holds another image {changed[0]!r} than {plan.store.location}, which has changed "
            "since; give --overwrite to replace it."
        )
    report(
        f"{plan.path}: left alone, it already holds these {len(keys)} images, by their names and the pixels "
        f"of {len(sample)}."
    )
    return True


def _sample(plan: LMDBPlan, samples: int = 8) -> Sequence[str]:
    return plan.keys[:: -(-len(plan.keys) // samples)]


def _expect_bytes(plan: LMDBPlan, encoding: str) -> float:
    """How large an LMDB becomes; exactly, but for LMDB's own pages, where that follows from the sizes."""
    bytes_per_pixel = ENCODINGS[encoding].bytes_per_pixel
    if bytes_per_pixel is None:
        sample = _sample(plan)
        sampled_bytes = sum(len(encode_image(plan.store, key, encoding).content) for key in sample)
        image_bytes = sampled_bytes * len(plan.keys) / len(sample)
    else:
        image_bytes = bytes_per_pixel * sum(math.prod(plan.store.size(key)) for key in plan.keys)
    return image_bytes * ALLOWANCE


def _check_disk_space(plans: Sequence[LMDBPlan], expected_bytes: Sequence[float]) -> None:
    there = [unfinished_folder(plan.path) / DATA for plan in plans]
    needed = sum(expected_bytes) - sum(os.path.getsize(file) for file in there if os.path.exists(file))
    folder, free = free_bytes(plans[0].path)
    if free < needed:
        raise InputError(
            f"{folder} has {free / MEBIBYTE:.0f} MiB free of the {needed / MEBIBYTE:.0f} MiB needed; "
            "make room or choose another disk."
        )


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except Timeout as error:
        raise InputError(f"{path} is being written by another run; wait for it or end it.") from error
    except (OSError, lmdb.Error) as error:
        raise cannot_be_written(path, error) from error
