"""An LMDB under construction, which a later run can go on with."""

import json
import re
import shutil
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lmdb
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from fcn_plugin.datasets.storage.encoder_pool import EncodedImage
from fcn_plugin.datasets.storage.encodings import ENCODINGS
from fcn_plugin.datasets.storage.lmdb_layout import (
    CHECKSUMS,
    DATA,
    DATASET_INFO,
    META_INFO,
    ImageSize,
    checksum_line,
    meta_line,
)
from fcn_plugin.files import write_atomically

MEBIBYTE = 1 << 20
# A transaction's images. Each is synced to disk, which takes some milliseconds whatever its size; what a
# killed run loses is less than one transaction.
TRANSACTION_BYTES = 8 * MEBIBYTE
PLAN = "plan.json"
WRITTEN = "written.txt"
WRITTEN_LINE = re.compile(r"([0-9a-f]{8}) (\d+) (\d+) (\d+) (.+)")


class Written(NamedTuple):
    """What is recorded of an image that is in the LMDB."""

    checksum: int
    length: int
    size: ImageSize


class PartialLMDB:
    """Writes the images of a plan into an LMDB, and leaves out those that an earlier run wrote.

    Beside the LMDB lie the plan and a record of what was written. An image counts as written if it is
    recorded and matches its checksum. Whatever ends a run, the LMDB is sound: LMDB's transactions are on
    disk when the next begins, so that not even a power cut harms those before.

    Args:
        folder: The LMDB's folder, there already; one of another plan is emptied.
        keys: The images, in the order in which they are to be listed.
        encoding: How they are encoded.
        info: For ``dataset_info.json``.
        source: Where the images come from; together with the rest it is the plan.
        expected_bytes: Of all images; the map grows where that was too little.

    Raises:
        OSError, lmdb.Error: The disk is full, or the folder cannot be written to.
    """

    def __init__(
        self,
        folder: Path,
        keys: Sequence[str],
        encoding: str,
        info: Mapping[str, Any],
        source: str,
        expected_bytes: float,
    ) -> None:
        self._folder, self._keys, self._encoding, self._info = folder, keys, encoding, info
        self._record = folder.with_name(WRITTEN)
        plan = json.dumps({"source": source, "encoding": encoding, "info": info, "keys": keys}, indent=0)
        plan_file = folder.with_name(PLAN)
        if not plan_file.exists() or plan_file.read_text(encoding="utf-8") != plan:
            self._empty()
            write_atomically(plan_file, plan)
        self._environment = self._open(_whole_mebibytes(expected_bytes))
        try:
            self._written = self._recall()
        except BaseException:
            self._environment.close()
            raise

    def __enter__(self) -> "PartialLMDB":
        return self

    def __exit__(self, *_) -> None:
        self._environment.close()

    @property
    def missing(self) -> list[str]:
        """The keys of the images that are still to be written, in order."""
        return [key for key in self._keys if key not in self._written]

    def write(self, images: Iterable[EncodedImage]) -> None:
        """Writes images as they come; when they end in an error, those before it are written too."""
        batch: list[EncodedImage] = []
        batch_bytes = 0
        try:
            for image in images:
                batch.append(image)
                batch_bytes += len(image.content)
                if batch_bytes >= TRANSACTION_BYTES:
                    full, batch, batch_bytes = batch, [], 0
                    self._commit(full)
        finally:
            self._commit(batch)

    def finish(self) -> int:
        """Trims the LMDB, lists its images and closes it; returns the images' bytes."""
        total_bytes = sum(written.length for written in self._written.values())
        used_bytes = (self._environment.info()["last_pgno"] + 1) * self._environment.stat()["psize"]
        self._environment.close()
        # Where the system makes the file as large as the map (Windows), the unused rest is cut off.
        with (self._folder / DATA).open("r+b") as file:
            file.truncate(used_bytes)
        encoding = ENCODINGS[self._encoding]
        meta_lines = [
            meta_line(key, self._written[key].size, self._encoding, encoding.compression)
            for key in self._keys
        ]
        checksum_lines = [checksum_line(key, self._written[key].checksum) for key in self._keys]
        info = {
            **self._info,
            "encoding": self._encoding,
            "channel_order": encoding.channel_order,
            "count": len(self._keys),
            "total_bytes": total_bytes,
        }
        (self._folder / META_INFO).write_text("".join(meta_lines), encoding="utf-8")
        (self._folder / CHECKSUMS).write_text("".join(checksum_lines), encoding="utf-8")
        (self._folder / DATASET_INFO).write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
        return total_bytes

    def _empty(self) -> None:
        shutil.rmtree(self._folder)
        self._folder.mkdir()
        self._record.unlink(missing_ok=True)

    def _open(self, map_size: int) -> lmdb.Environment:
        try:
            return lmdb.open(str(self._folder), map_size=map_size, metasync=False)
        except (lmdb.InvalidError, lmdb.CorruptedError):  # a run was killed before it had begun
            self._empty()
            return self._open(map_size)

    def _recall(self) -> dict[str, Written]:
        written = {}
        if self._record.exists():
            wanted = set(self._keys)
            lines = self._record.read_text(encoding="utf-8", errors="replace").split("\n")
            records = track(
                list(filter(None, map(_parse, lines))),
                f"Checking {escape(self._folder.name)}",
                console=Console(stderr=True),
            )
            with self._environment.begin(buffers=True) as transaction:
                for checksum, length, height, width, key in records:
                    content = transaction.get(key.encode()) if key in wanted else None
                    if content is not None and zlib.crc32(content) == int(checksum, 16):
                        size = ImageSize(int(height), int(width))
                        written[key] = Written(int(checksum, 16), int(length), size)
        write_atomically(self._record, "".join(_record_line(key, written[key]) for key in written))
        return written

    def _commit(self, images: Sequence[EncodedImage]) -> None:
        if not images:
            return
        while True:
            try:
                with self._environment.begin(write=True) as transaction:
                    for image in images:
                        transaction.put(image.key.encode(), image.content)
                break
            except lmdb.MapFullError:
                map_size = self._environment.info()["map_size"]
                needed = sum(len(image.content) for image in images)
                self._environment.set_mapsize(_whole_mebibytes(max(map_size * 1.25, map_size + 2 * needed)))
        new = {image.key: Written(image.checksum, len(image.content), image.size) for image in images}
        with self._record.open("a", encoding="utf-8") as record:
            record.writelines(_record_line(key, written) for key, written in new.items())
        self._written.update(new)


def _parse(line: str) -> tuple[str, ...] | None:
    match = WRITTEN_LINE.fullmatch(line)  # a run may have been killed in the middle of a line
    return match and match.groups()


def _record_line(key: str, written: Written) -> str:
    return f"{written.checksum:08x} {written.length} {written.size.height} {written.size.width} {key}\n"


def _whole_mebibytes(size: float) -> int:
    return (int(size) // MEBIBYTE + 1) * MEBIBYTE
