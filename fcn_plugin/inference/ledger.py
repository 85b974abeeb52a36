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

    Files are known by their content alone, sources and what is made of them: they may be moved, touched and
    given by any path, and another one of the same name, size and time is told from them. Ledgers of earlier
    versions say no more than size and time, and what these have made is still known by them.

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
        """Whether a file is as it was made of the source as it is now, with these options.

        ``comparison`` is whether the file is not the result itself but shows it beside the source.

        Raises:
            InputError: The file or the source cannot be read.
        """
        entry = self._entry_of(made)
        if entry is None:
            return False
        identify = _size_and_time if "modified" in entry else _content
        return entry == self._entry(source, comparison, identify)

    def is_comparison(self, path: Path) -> bool:
        """Whether a file is as it was made as a comparison, be it of another source or with other options.

        Raises:
            InputError: It cannot be read.
        """
        entry = self._entry_of(path)
        return entry is not None and entry.get("comparison") is True

    def is_changed(self, made: Path) -> bool:
        """Whether a file was made here and is no longer as it was made.

        Raises:
            InputError: It cannot be read.
        """
        return self._name(made) in self._made and self._entry_of(made) is None

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
        yield lambda beside: self._add(name, {**entry, "whole": sha256_of(beside)})
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
            begun = self._begun.pop(name, {})
            self._made[name] = {**entry, "whole": begun.get("whole")}

    def _entry_of(self, made: Path) -> Entry | None:
        """What a file was made with, if it is still as it was made."""
        name = self._name(made)
        for entry in (self._begun.get(name), self._made.get(name)):
            if entry and _is_whole(made, entry["whole"]):
                return {fact: value for fact, value in entry.items() if fact != "whole"}
        return None

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


def _is_whole(made: Path, whole: str | list[int] | None) -> bool:
    """Whether a file is the one that a ledger knows by its sha256.

    Those of earlier versions know it by size and time, or know no more than its name.
    """
    if not os.path.isfile(made):
        return False
    try:
        if isinstance(whole, list):
            return whole == list(_size_and_time(made).values())
        return whole is None or whole == sha256_of(made)
    except OSError as error:
        raise cannot_be_read(made, error) from error
