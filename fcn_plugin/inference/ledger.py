"""What made the files of an output folder."""

import json
from pathlib import Path
from typing import Any

from fcn_plugin.files import cannot_be_written
from fcn_plugin.inference.tasks import Task

LEDGER = ".fcn-deblur.jsonl"


class Ledger:
    """Remembers of each file in an output folder which file, weights and options it was made with.

    It is the hidden file ``.fcn-deblur.jsonl`` in that folder, a line of JSON for each file; of several lines
    for a file the last one holds.

    Args:
        folder: The output folder.
        options: What files are made with now.
    """

    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        self._folder, self._options = folder, options
        self._path = folder / LEDGER
        self._made: dict[str, dict[str, Any]] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    entry = json.loads(line)
                except json.JSONDecodeError:
                    continue  # of a run that was killed while it wrote the line
                self._made[entry.pop("file")] = entry

    def is_current(self, task: Task) -> bool:
        """Whether the target was made of the source as it is now, with these options."""
        return self._made.get(self._name(task)) == self._entry(task)

    def add(self, task: Task) -> None:
        """Remembers that the target has just been made.

        Raises:
            InputError: The disk does not take it.
        """
        name, entry = self._name(task), self._entry(task)
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"file": name, **entry}) + "\n")
        except OSError as error:
            raise cannot_be_written(self._path, error) from error
        self._made[name] = entry

    def _name(self, task: Task) -> str:
        return task.target.relative_to(self._folder).as_posix()

    def _entry(self, task: Task) -> dict[str, Any]:
        source = task.source.stat()
        return {"bytes": source.st_size, "modified": source.st_mtime_ns, **self._options}
