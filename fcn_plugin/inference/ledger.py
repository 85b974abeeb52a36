"""What made the files of an output folder."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fcn_plugin.files import cannot_be_read, cannot_be_written, sha256_of

LEDGER = ".fcn-deblur.jsonl"

Entry = dict[str, Any]


class Ledger:
    """Remembers of each file in an output folder which file, weights and options it was made with.

    It is the hidden file ``.fcn-deblur.jsonl`` in that folder, with two lines of JSON for each file: one is
    written just before the file takes its place and says how to know it, and one when it has. So no file is
    there that nobody answers for, whenever a run is killed. Of several files of one name the last one holds.

    A source is known by its content alone: it may be moved, touched and given by any path, and another one of
    its name, size and time is told from it. Ledgers of earlier versions say no more than size and time, and
    what these have made is still known by them.

    Args:
        folder: The output folder.
        options: What files are made with now.

    Raises:
        InputError: The folder has a ledger that cannot be read.
    """

    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        self._folder, self._options = folder, options
        self._path = folder / LEDGER
        self.read()

    def read(self) -> None:
        """Reads the file anew, for another process may have written to it."""
        self._made: dict[str, Entry] = {}
        self._begun: dict[str, Entry] = {}
        try:
            lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        except OSError as error:
            raise cannot_be_read(self._path, error) from error
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # of a run that was killed while it wrote the line, or of a disk that was full
            if isinstance(entry, dict) and isinstance(entry.get("file"), str):
                self._note(entry.pop("file"), entry)

    def is_current(self, made: Path, source: Path, comparison: bool = False) -> bool:
        """Whether a file was made of the source as it is now, with these options.

        ``comparison`` is whether the file is not the result itself but shows it beside the source.
        """
        entry = self._entry_of(made)
        if entry is None:
            return False
        identify = _size_and_time if "modified" in entry else _content
        return entry == self._entry(source, comparison, identify)

    def is_comparison(self, path: Path) -> bool:
        """Whether a file was made as a comparison, be it of another source or with other options."""
        entry = self._entry_of(path)
        return entry is not None and entry.get("comparison") is True

    @contextlib.contextmanager
    def recording(
        self, made: Path, source: Path, comparison: bool = False
    ) -> Iterator[Callable[[Path], None]]:
        """Remembers that in this block a file is made of the source as it is when the block begins.

        Yields what to call with the whole file just before it takes its place
        (`fcn_plugin.files.whole_file`). After an error in the block, what was remembered before holds.

        Raises:
            InputError: The source cannot be read, or the disk does not take the lines.
        """
        name, entry = self._name(made), self._entry(source, comparison, _content)
        yield lambda beside: self._add(name, {**entry, "whole": _identity(beside)})
        self._add(name, entry)

    def _add(self, name: str, entry: Entry) -> None:
        line = json.dumps({"file": name, **entry}).encode() + b"\n"
        try:
            with self._path.open("ab+") as file:
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    if file.read(1) != b"\n":  # of a run that was killed, or of a disk that was full
                        line = b"\n" + line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise cannot_be_written(self._path, error) from error
        self._note(name, entry)

    def _note(self, name: str, entry: Entry) -> None:
        if "whole" in entry:
            self._begun[name] = entry
        else:
            self._made[name] = entry
            self._begun.pop(name, None)

    def _entry_of(self, made: Path) -> Entry | None:
        name = self._name(made)
        begun = self._begun.get(name)
        if begun and os.path.exists(made) and begun["whole"] == _identity(made):
            return {fact: value for fact, value in begun.items() if fact != "whole"}
        return self._made.get(name)

    def _entry(self, source: Path, comparison: bool, identify: Callable[[Path], Entry]) -> Entry:
        try:
            entry = {**identify(source), **self._options}
        except OSError as error:
            raise cannot_be_read(source, error) from error
        return {**entry, "comparison": True} if comparison else entry

    def _name(self, made: Path) -> str:
        return made.relative_to(self._folder).as_posix()


def _content(source: Path) -> Entry:
    return {"sha256": sha256_of(source)}


def _size_and_time(source: Path) -> Entry:
    facts = source.stat()
    return {"bytes": facts.st_size, "modified": facts.st_mtime_ns}


def _identity(path: Path) -> list[int]:
    """What tells a file from others of its name, however it is moved."""
    facts = path.stat()
    return [facts.st_size, facts.st_mtime_ns]
