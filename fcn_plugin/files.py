"""Files and folders that appear whole or not at all: written beside, synced to disk, renamed."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock


def write_atomically(path: str | os.PathLike, content: bytes | str) -> None:
    """Writes ``content`` to ``path``; a reader sees the old file or the new one, never a part.

    Missing parent folders are made. Text is written as UTF-8.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        content = content.encode()
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files only their owner can read; give the mode an ordinary open() would.
        os.chmod(beside, 0o666 & ~_umask())
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


@contextlib.contextmanager
def whole_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Yields a new folder that becomes ``path`` when the block ends without an error.

    An existing ``path`` is replaced only then; after an error the half-built folder is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as work:
        folder = Path(work, path.name)
        folder.mkdir()
        yield folder
        _put_in_place(folder, path)


@contextlib.contextmanager
def resumable_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Yields a folder that becomes ``path`` when the block ends without an error, in this run or a later one.

    Until then it lies in a hidden folder beside ``path``, where the block may keep what else it needs to
    go on later. An error leaves both as they are. An existing ``path`` is replaced only at the end.

    Raises:
        filelock.Timeout: Another process is at it. The lock goes with its process, however that ends.
    """
    path = Path(path)
    folder = unfinished_folder(path)
    work = folder.parent
    work.mkdir(parents=True, exist_ok=True)
    with FileLock(work / "lock", timeout=0):
        folder.mkdir(exist_ok=True)
        yield folder
        _put_in_place(folder, path)
        # Windows keeps the file that is locked.
        shutil.rmtree(work, ignore_errors=os.name != "posix")


def unfinished_folder(path: str | os.PathLike) -> Path:
    """The folder that ``resumable_folder(path)`` yields."""
    path = Path(path)
    return path.with_name(f".{path.name}.partial") / f"{path.stem}.unfinished"


def _put_in_place(folder: Path, path: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
    if path.exists():
        replaced = folder.with_name("replaced")
        shutil.rmtree(replaced, ignore_errors=True)  # of a run that was killed just here
        os.replace(path, replaced)
        try:
            os.replace(folder, path)
        except BaseException:
            os.replace(replaced, path)
            raise
    else:
        os.replace(folder, path)
    _sync_folder(path.parent)


def _umask() -> int:
    # The umask can only be read by setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a folder to sync it.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
