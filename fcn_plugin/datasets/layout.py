"""How a dataset may lie on disk, as data."""

import glob
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fcn_plugin.datasets.storage import FolderStore, ImageStore, LMDBStore


@dataclass(frozen=True)
class Layout:
    """One way in which a dataset lies below its root.

    ``input`` and ``target`` are LMDBs, or patterns whose stars are the parts of an image's key (see
    ``FolderStore``). ``{field}`` stands for a field of the dataset, and for each of its values in turn
    if it has several. ``holds`` are the fields that such a layout has with one value only.
    ``more_targets`` allows sharp images without a blurry one.
    """

    input: str
    target: str
    holds: Mapping[str, Any] = field(default_factory=dict)
    more_targets: bool = False

    @property
    def storage(self) -> str:
        return "lmdb" if self.input.endswith(".lmdb") else "folder"

    def exists(self, root: Path, fields: Mapping[str, Any]) -> bool:
        """Whether there is anything where the blurry images should be."""
        return any(next(glob.iglob(path, root_dir=root), None) for path in _fill(self.input, fields))

    def open(self, root: Path, fields: Mapping[str, Any]) -> tuple[ImageStore, ImageStore]:
        """The stores of the blurry and of the sharp images.

        Raises:
            InputError: A store cannot be used.
        """
        input, target = (_fill(template, fields) for template in (self.input, self.target))
        if self.storage == "lmdb":
            return LMDBStore(root / input[0]), LMDBStore(root / target[0])
        return FolderStore(root, input), FolderStore(root, target)

    def places(self, root: Path, fields: Mapping[str, Any]) -> tuple[Path, Path]:
        """Where the blurry and the sharp images are, for one value of each field."""
        return root / _fill(self.input, fields)[0], root / _fill(self.target, fields)[0]


def _fill(template: str, fields: Mapping[str, Any]) -> list[str]:
    choices = [[value] if isinstance(value, str) else value for value in fields.values()]
    combinations = (dict(zip(fields, values, strict=True)) for values in itertools.product(*choices))
    # Without repeats, for a template that does not name the field of several values.
    return list(dict.fromkeys(template.format(**values) for values in combinations))
