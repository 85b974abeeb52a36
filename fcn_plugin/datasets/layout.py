"""How a dataset may lie on disk, as data."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fcn_plugin.datasets.storage import FileTree, FolderStore, ImageStore, LMDBStore
from fcn_plugin.errors import InputError


@dataclass(frozen=True)
class Layout:
    """One way in which a dataset lies below its root.

    ``input`` and ``target`` are LMDBs, or patterns whose stars are the parts of an image's key (see
    ``FolderStore``). ``{field}`` stands for a field of the dataset, and for each of its values in turn
    if it has several. ``holds`` are the fields that such a layout has with one value only.
    ``more_targets`` allows sharp images without a blurry one. ``crops`` are several to an image, so that
    their number says nothing. ``listed_in`` is a text file with the names of the images to keep.
    """

    input: str
    target: str
    holds: Mapping[str, Any] = field(default_factory=dict)
    more_targets: bool = False
    crops: bool = False
    listed_in: str | None = None

    @property
    def storage(self) -> str:
        return "lmdb" if self.input.endswith(".lmdb") else "folder"

    def exists(self, tree: FileTree, fields: Mapping[str, Any]) -> bool:
        """Whether there is anything where the blurry images should be."""
        return any(next(iter(tree.find(path)), None) for path in self.inputs(fields))

    def open(self, tree: FileTree, fields: Mapping[str, Any]) -> tuple[ImageStore, ImageStore]:
        """The stores of the blurry and of the sharp images.

        Raises:
            InputError: A store cannot be used.
        """
        input, target = (_fill(template, fields) for template in (self.input, self.target))
        if self.storage == "lmdb":
            return LMDBStore(tree.place(input[0])), LMDBStore(tree.place(target[0]))
        listed = self._listed(tree, fields)
        return FolderStore(tree, input, listed), FolderStore(tree, target, listed)

    def inputs(self, fields: Mapping[str, Any]) -> list[str]:
        """Where the blurry images are below the root."""
        return _fill(self.input, fields)

    def places(self, root: Path, fields: Mapping[str, Any]) -> tuple[Path, Path]:
        """Where the blurry and the sharp images are, for one value of each field."""
        return root / _fill(self.input, fields)[0], root / _fill(self.target, fields)[0]

    def _listed(self, tree: FileTree, fields: Mapping[str, Any]) -> set[str] | None:
        if self.listed_in is None:
            return None
        names = set()
        for name in _fill(self.listed_in, fields):
            try:
                with tree.open(name) as file:
                    names.update(file.read().decode(errors="replace").split())
            except OSError as error:
                raise InputError(
                    f"{tree.place(name)}, which lists the images, cannot be read; add it from the release."
                ) from error
        return names


def _fill(template: str, fields: Mapping[str, Any]) -> list[str]:
    choices = [[value] if isinstance(value, str) else value for value in fields.values()]
    combinations = (dict(zip(fields, values, strict=True)) for values in itertools.product(*choices))
    # Without repeats, for a template that does not name the field of several values.
    return list(dict.fromkeys(template.format(**values) for values in combinations))
