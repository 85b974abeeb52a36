"""What there is to restore, and where to."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fcn_plugin.errors import InputError
from fcn_plugin.files import cannot_be_read
from fcn_plugin.inference.image_file import IMAGE_SUFFIXES
from fcn_plugin.inference.ledger import LEDGER

_BECOME_MKV = (".mpg", ".mpeg", ".vob", ".wmv", ".asf")
"""Of containers that lose the times of H.264's frames, or change them."""
VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".f4v", ".mkv", ".webm", ".avi", ".flv"),
    *(".ts", ".mts", ".m2ts", ".m2t", ".mxf"),
    *_BECOME_MKV,
)
"""Of containers that FFmpeg reads, and writes H.264 to or has a replacement for."""
COMPARISON_SUFFIX = ".compare.jpg"
"""What is added to the name of a result for that of the picture of input and result."""


@dataclass(frozen=True)
class Task:
    """A file to restore, and where the restored one goes."""

    source: Path
    target: Path

    @property
    def is_video(self) -> bool:
        return self.source.suffix.lower() in VIDEO_SUFFIXES

    @property
    def comparison(self) -> Path:
        """Where the picture of both goes."""
        return self.target.with_name(f"{self.target.name}{COMPARISON_SUFFIX}")


@dataclass
class Found:
    """What `find_tasks` has found.

    Attributes:
        tasks: What to do.
        errors: For each input that is empty or a folder without files, for each folder that cannot be read,
            and for each file that would be written over another file's result, over a comparison or over an
            input.
        notes: Of each folder, a sentence on files and a sentence on folders that are left out of it.
    """

    tasks: list[Task] = field(default_factory=list)
    errors: list[InputError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_tasks(inputs: Iterable[str | os.PathLike], output: str | os.PathLike) -> Found:
    """The files among the inputs and in folders among them.

    A file keeps its name, and what is in a folder its path below that folder; but videos whose containers
    would lose the times of frames become MKV, whatever else is there. Of folders, hidden files, files
    that are neither images nor videos, comparisons, the output folder, those of earlier runs and links to
    folders are left out. A file given twice, be it in a folder and in one above that, counts once, as it is
    given first.

    Raises:
        InputError: The output is named like an image or video, and is no folder that is there already; a
            file is where it or a folder above it is to be; or it is one of the inputs.
    """
    output = Path(output)
    for place in (output, *output.parents):
        if os.path.exists(place) and not os.path.isdir(place):
            raise InputError(f"--output {output} cannot be a folder, for {place} is a file; give another.")
    if output.suffix.lower() in IMAGE_SUFFIXES + VIDEO_SUFFIXES and not os.path.isdir(output):
        raise InputError(f"--output {output} is named like a file; give the folder that results go to.")
    targets: dict[Path, Path] = {}
    places, sources = set(), set()
    found = Found()
    for given in inputs:
        if not os.fspath(given):
            found.errors.append(InputError("an INPUT is empty; give the path of a file or folder."))
            continue
        given = Path(given)
        is_folder = os.path.isdir(given)
        if is_folder and _is_same(given, output):
            raise InputError(
                f"--output {output} is an INPUT too, and no input is written over; give another folder."
            )
        root = given if is_folder else given.parent
        for source in _files_in(given, output, found) if is_folder else [given]:
            # A link to a file is one of its own, whose name the result has; a way to it through links is not.
            place = os.path.join(os.path.realpath(source.parent), source.name)
            if place in places:
                continue
            places.add(place)
            if os.path.exists(source) and not os.path.isfile(source):
                found.errors.append(InputError(f"{source} is no ordinary file; copy what it yields to one."))
                continue
            sources.add(os.path.realpath(source))
            target = output / source.relative_to(root)
            if target.suffix.lower() in _BECOME_MKV:
                target = target.with_suffix(".mkv")
            first = targets.setdefault(target, source)
            if os.path.realpath(first) != os.path.realpath(source):
                found.errors.append(
                    InputError(
                        f"{source} and {first} would both become {target}; give them one --output each."
                    )
                )
    for target, source in targets.items():
        task = Task(source, target)
        if os.path.realpath(target) in sources:
            found.errors.append(
                InputError(f"{source} would be written over {target}, an input; give another --output.")
            )
        elif task.comparison in targets or os.path.realpath(task.comparison) in sources:
            found.errors.append(
                InputError(
                    f"{source} would be compared in {task.comparison}, which is an input or another's "
                    "result; give another --output."
                )
            )
        else:
            found.tasks.append(task)
    return found


def _files_in(folder: Path, output: Path, found: Found) -> list[Path]:
    """Images and videos, sorted, but what is hidden or in the output folder; tells ``found`` of the rest."""
    files, left_out, not_entered, unreadable = [], Counter(), [], []
    for place, folders, names in os.walk(folder, onerror=unreadable.append):
        seen = sorted(Path(place, name) for name in folders if not name.startswith("."))
        seen = [path for path in seen if not _is_same(path, output)]
        not_entered += [path for path in seen if path.is_symlink() or os.path.exists(path / LEDGER)]
        folders[:] = [path.name for path in seen if path not in not_entered]
        for name in sorted(names):
            kind = _kind(name)
            if name.startswith("."):
                continue
            if kind in IMAGE_SUFFIXES + VIDEO_SUFFIXES:
                files.append(Path(place, name))
            else:
                left_out[kind] += 1
    if left_out:
        kinds = ", ".join(f"{count} {kind or 'without a suffix'}" for kind, count in sorted(left_out.items()))
        found.notes.append(
            f"{folder}: {left_out.total()} left out, as no images or videos that can be read here: {kinds}."
        )
    if not_entered:
        names = ", ".join(map(str, not_entered))
        found.notes.append(f"{folder}: left out, as links or results of earlier runs: {names}.")
    found.errors += [cannot_be_read(error.filename, error) for error in unreadable]
    if not files and not unreadable:
        kinds = " ".join(IMAGE_SUFFIXES + VIDEO_SUFFIXES)
        found.errors.append(InputError(f"{folder} holds no images or videos ({kinds}); check the path."))
    return files


def _kind(name: str) -> str:
    """The suffix of a file's name, in lower case; of a picture that compares files, its longer one."""
    path = Path(name.lower())
    if path.name.endswith(COMPARISON_SUFFIX):
        compared = Path(path.name.removesuffix(COMPARISON_SUFFIX))
        if compared.suffix in IMAGE_SUFFIXES + VIDEO_SUFFIXES:
            return COMPARISON_SUFFIX
    return path.suffix


def _is_same(path: Path, other: Path) -> bool:
    return os.path.exists(other) and os.path.samefile(path, other)
