"""What there is to restore, and where to."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fcn_plugin.errors import InputError

# GIFs are refused with a sentence that says what to do; left out, they would be missing without a word.
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif")
VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts", ".3gp", ".wmv")


@dataclass(frozen=True)
class Task:
    """A file to restore, and where the restored one goes."""

    source: Path
    target: Path

    @property
    def is_video(self) -> bool:
        return self.source.suffix.lower() in VIDEO_SUFFIXES


def find_tasks(
    inputs: Iterable[str | os.PathLike], output: str | os.PathLike
) -> tuple[list[Task], list[InputError]]:
    """The files among the inputs and in folders among them.

    A file keeps its name, and what is in a folder its path below that folder. Of folders, hidden files, files
    that are neither images nor videos, and the output folder are left out. A file given twice counts once.

    Returns:
        The tasks, and an error for each folder without files and for each file that would be written over
        another file's result or over an input.
    """
    output = Path(output)
    targets: dict[Path, Path] = {}
    sources = set()
    errors = []
    for given in map(Path, inputs):
        found = list(_files_in(given, output)) if given.is_dir() else [given]
        if not found:
            kinds = " ".join(IMAGE_SUFFIXES + VIDEO_SUFFIXES)
            errors.append(InputError(f"{given} holds no images or videos ({kinds}); check the path."))
        root = given if given.is_dir() else given.parent
        for source in found:
            sources.add(source.resolve())
            target = output / source.relative_to(root)
            first = targets.setdefault(target, source)
            if first.resolve() != source.resolve():
                errors.append(
                    InputError(
                        f"{source} and {first} would both become {target}; give them one --output each."
                    )
                )
    tasks = []
    for target, source in targets.items():
        if target.resolve() in sources:
            errors.append(
                InputError(f"{source} would be written over {target}, an input; give another --output.")
            )
        else:
            tasks.append(Task(source, target))
    return tasks, errors


def _files_in(folder: Path, output: Path) -> Iterator[Path]:
    """Images and videos, sorted, but what is hidden or in the output folder."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not _is_same(Path(place, name), output)
        )
        for name in sorted(names):
            if name.lower().endswith(IMAGE_SUFFIXES + VIDEO_SUFFIXES) and not name.startswith("."):
                yield Path(place, name)


def _is_same(path: Path, other: Path) -> bool:
    return other.exists() and path.samefile(other)
