"""Encoding images on all cores."""

import os
import signal
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process

import cv2

from fcn_plugin.datasets.storage.encodings import ENCODINGS
from fcn_plugin.datasets.storage.image_store import ImageStore
from fcn_plugin.datasets.storage.lmdb_layout import ImageSize
from fcn_plugin.datasets.storage.read_ahead import read_ahead
from fcn_plugin.errors import InputError


@dataclass(frozen=True)
class EncodedImage:
    """An image as it goes into an LMDB."""

    key: str
    content: bytes
    size: ImageSize
    checksum: int


# Encodes the images of these keys of the store of this number, in order.
Encode = Callable[[int, Sequence[str]], Iterable[EncodedImage]]


def encode_image(store: ImageStore, key: str, encoding: str) -> EncodedImage:
    """Reads an image of a store and encodes it.

    Raises:
        InputError: The image cannot be used.
    """
    image = read_ahead(store.read(key))
    content = ENCODINGS[encoding].encode(image)
    return EncodedImage(key, content, ImageSize(*image.shape[:2]), zlib.crc32(content))


@contextmanager
def encoder_pool(stores: Sequence[ImageStore], encoding: str, workers: int) -> Iterator[Encode]:
    """Starts processes that encode the images of ``stores``; with 0 workers, this process does it.

    Raises:
        InputError: An image cannot be used, or a worker was killed.
    """
    if workers == 0:
        yield lambda index, keys: map(partial(encode_image, stores[index], encoding=encoding), keys)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (stores,)) as pool:

        def encode(index: int, keys: Sequence[str]) -> Iterator[EncodedImage]:
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
    threading.Thread(target=_end_with_main_process, daemon=True).start()
    cv2.setNumThreads(1)  # the processes are the parallel part
    _worker_stores[:] = stores


def _end_with_main_process() -> None:
    # When that is killed, nobody tells its workers, which would wait for work for ever.
    parent_process().join()
    os._exit(1)


def _encode_in_worker(index: int, key: str, encoding: str) -> EncodedImage:
    return encode_image(_worker_stores[index], key, encoding)
