"""Files and folders that appear whole or not at all: written beside, synced to disk, renamed."""

import contextlib
import errno
import hashlib
import json
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from fcn_plugin.errors import InputError

_UNFINISHED = f".fcn-unfinished-{platform.node()}-"
"""In the names of the hidden files that `whole_file` writes to, before the number of the process."""
_FOR_WANT_OF_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, None)
"""Numbers of errors; LMDB's have none."""


def write_atomically(
    path: str | os.PathLike, content: bytes | str, when_whole: Callable[[Path], object] = lambda beside: None
) -> None:
    """Writes ``content`` to ``path``; a reader sees the old file or the new one, never a part.

    Missing parent folders are made. Text is written as UTF-8. ``when_whole`` is as `whole_file` has it.

    Raises:
        InputError: The disk does not take it.
    """
    if isinstance(content, str):
        content = content.encode()
    try:
        with whole_file(path, when_whole) as beside:
            beside.write_bytes(content)
    except OSError as error:
        raise cannot_be_written(path, error) from error


def read_json(path: str | os.PathLike, remedy: str) -> Any:
    """What a file of JSON holds.

    Raises:
        InputError: It cannot be read or is not JSON; the sentence ends with ``remedy``.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON; {remedy}") from error


def sha256_of(path: str | os.PathLike) -> str:
    """The sha256 of a file's content, in hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def whole_file(
    path: str | os.PathLike, when_whole: Callable[[Path], object] = lambda beside: None
) -> Iterator[Path]:
    """Yields the path of an empty file that becomes ``path`` when the block ends without an error.

    It has the suffix of ``path``. An existing ``path`` is replaced only then; after an error the half-written
    file is removed, and after the end of a killed process by `remove_abandoned`. Missing parent folders are
    made. ``when_whole`` is called with the written file just before that takes its place, which changes
    neither its size nor its time of modification.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of a name that is as long as the disk allows, no more than a part fits before the random one.
    prefix = f".{path.stem[:32]}{_UNFINISHED}{os.getpid()}-"
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=path.suffix)
    os.close(descriptor)
    beside = Path(name)
    try:
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        # mkstemp makes files only their owner can read; give the mode an ordinary open() would.
        beside.chmod(0o666 & ~_umask())
        when_whole(beside)
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def remove_abandoned(folder: str | os.PathLike) -> None:
    """Removes from a folder what `whole_file` was writing to when its process was killed.

    What running processes and other computers write to stays, and all of it on Windows.
    """
    if os.name != "posix":  # Python on Windows cannot ask for a process without ending it.
        return
    for left in Path(folder).glob(".*"):
        named = re.search(rf"{re.escape(_UNFINISHED)}(\d+)-", left.name)
        if named and not _is_running(int(named[1])):
            # Somebody else's, say; a disk that takes no changes fails with what comes next.
            with contextlib.suppress(OSError):
                left.unlink()


def check_writable(path: str | os.PathLike) -> None:
    """Raises `InputError` where a file cannot be made, before hours are spent on what is to be in it.

    Missing parent folders are made.
    """
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise cannot_be_written(path, error) from error


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


def free_bytes(path: str | os.PathLike) -> tuple[Path, int]:
    """The folder that ``path`` is in or would be made in, and what is free there."""
    folder = next(parent for parent in Path(path).absolute().parents if os.path.isdir(parent))
    return folder, shutil.disk_usage(folder).free


def cannot_be_read(path: str | os.PathLike, error: OSError) -> InputError:
    """The error for a file or folder that is missing or may not be read."""
    return InputError(f"{path} cannot be read ({error.strerror}); check the path.")


def cannot_be_written(path: str | os.PathLike, error: Exception) -> InputError:
    """The error for a file or folder that the disk does not take."""
    folder, free = free_bytes(path)
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    number = getattr(error, "errno", None)
    if number is None and free < 2**20:  # which LMDB calls an input/output error
        reason = "the disk is full"
    remedy = "make room" if number in _FOR_WANT_OF_ROOM else "check the path"
    return InputError(
        f"{path} cannot be written ({reason}; {folder} has {free / 2**20:.0f} MiB free); {remedy}, allow "
        "writing there or choose another place, and run the command again."
    )


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


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


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
