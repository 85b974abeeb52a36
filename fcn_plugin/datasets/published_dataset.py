"""A dataset that people already have, in one of the layouts it is known by."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from fcn_plugin.datasets.layout import Layout
from fcn_plugin.datasets.paired_image_dataset import PairedImageDataset
from fcn_plugin.datasets.storage import LMDBPlan
from fcn_plugin.errors import InputError


class PublishedDataset(PairedImageDataset):
    """Finds a dataset below a root by its known layouts; a subclass says only which they are.

    Args:
        data_root: The folder that the dataset lies in.
        storage: ``'folder'``, ``'lmdb'`` or ``'auto'``, which takes the first layout that is there;
            which kind it is becomes part of ``metainfo``.
        facts: The fields that tell which part of the dataset is meant; part of ``metainfo``.
        names: How those fields read in paths, where that differs.
        kwargs: Of ``PairedImageDataset``.

    Raises:
        InputError: The dataset is not there, or what is there is not what was asked for.
    """

    NAME: ClassVar[str]
    LAYOUTS: ClassVar[tuple[Layout, ...]]  # the first is the one that tools/prepare_data.py writes
    HOW_TO_GET_IT: ClassVar[str]

    def __init__(
        self,
        data_root: str | os.PathLike,
        storage: str,
        facts: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
        **kwargs,
    ) -> None:
        check_choice("storage", storage, ("auto", "folder", "lmdb"))
        self._fields = {**facts, **(names or {})}
        root = Path(os.path.normpath(data_root))  # configs name it from where they lie, by way of `..`
        layout = self._find_layout(root, storage, facts)
        input, target = layout.open(root, self._fields)
        self.more_targets_allowed = layout.more_targets
        self._claims = {"dataset": self.NAME, **facts}
        for store in (input, target):
            _check_claims(store.location, store.info, self._claims)
        facts = {**facts, "storage": layout.storage}
        super().__init__(input, target, self.NAME, facts, data_root=str(root), **kwargs)

    def lmdb_plans(self, data_root: str | os.PathLike) -> list[LMDBPlan]:
        """What to write so that this dataset is found below another root as LMDBs."""
        input_path, target_path = self.LAYOUTS[0].places(Path(data_root), self._fields)
        # The sharp images serve every kind of blur.
        target_claims = {name: value for name, value in self._claims.items() if name != "blur"}
        return [
            LMDBPlan(input_path, self.input, self.keys(), {**self._claims, "role": "blur"}),
            LMDBPlan(target_path, self.target, self.keys(), {**target_claims, "role": "sharp"}),
        ]

    def _find_layout(self, root: Path, storage: str, facts: Mapping[str, Any]) -> Layout:
        layouts = [layout for layout in self.LAYOUTS if storage in ("auto", layout.storage)]
        there = [layout for layout in layouts if layout.exists(root, self._fields)]
        for layout in there:
            if all(facts[name] == value for name, value in layout.holds.items()):
                return layout
        for layout in there:
            place, _ = layout.places(root, self._fields)
            _check_claims(str(place), layout.holds, facts)
        how = self.HOW_TO_GET_IT.format(root=root)
        asked = ", ".join(f"{name}={value!r}" for name, value in facts.items())
        raise InputError(f"{self.NAME} ({asked}) is not in {root}: {how}")


def check_choice(field: str, value: str, choices: tuple[str, ...]) -> None:
    """Raises an ``InputError`` if a field's value is none of its choices."""
    if value not in choices:
        raise InputError(f"{field} must be one of {', '.join(map(repr, choices))}, not {value!r}.")


def _check_claims(place: str, claims: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    for name, value in asked.items():
        if claims.get(name, value) != value:
            raise InputError(
                f"{place} holds {name}={claims[name]!r}, but {name}={value!r} was asked for; change either."
            )
