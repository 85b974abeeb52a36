"""A dataset that people already have, in one of the layouts it is known by."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from fcn_plugin.datasets.layout import Layout
from fcn_plugin.datasets.paired_image_dataset import PairedImageDataset, size_text
from fcn_plugin.datasets.storage import FileTree, LMDBPlan, open_tree, trees_at
from fcn_plugin.errors import InputError


class NotFoundError(InputError):
    """The dataset, or the part of it that was asked for, is not there.

    Args:
        missing: What is not where.
        remedy: What to do, for whoever wants to train on it.
    """

    def __init__(self, missing: str, remedy: str) -> None:
        super().__init__(f"{missing}: {remedy}.")
        self.missing = missing


class PublishedDataset(PairedImageDataset):
    """Finds a dataset below a root by its known layouts; a subclass says only which they are.

    Args:
        data_root: The folder or zip archive that the dataset lies in, or a folder that holds its archives.
            Folders that an archive brings with it need not be named.
        storage: ``'folder'`` for image files, also in archives, ``'lmdb'``, or ``'auto'``, which takes the
            first layout that is there; ``'folder'``, ``'zip'`` or ``'lmdb'`` becomes part of ``metainfo``.
        facts: The fields that tell which part of the dataset is meant; part of ``metainfo``.
        names: How those fields read in paths, where that differs.
        kwargs: Of ``PairedImageDataset``.

    Raises:
        NotFoundError: The dataset is not there.
        InputError: What is there is not what was asked for.
    """

    NAME: ClassVar[str]
    LAYOUTS: ClassVar[tuple[Layout, ...]]  # the first is the one that tools/prepare_data.py writes
    PAIRS: ClassVar[Mapping[str, Mapping[str, int]]]  # {field: {value: how many were published}}
    SIZE: ClassVar[tuple[int, int] | None]  # height and width of every image, None where they vary
    BLUR: ClassVar[str | None] = None  # how all of its blur came about; None where it has several kinds
    HOW_TO_GET_IT: ClassVar[str]  # to be gone on with "and put it there"

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
        self._asked = ", ".join(f"{name}={value!r}" for name, value in facts.items())
        root = Path(os.path.normpath(data_root))  # configs name it from where they lie, by way of `..`
        tree, layout = self._find(root, storage, facts)
        input, target = layout.open(tree, self._fields)
        self._layout = layout
        self.more_targets_allowed = layout.more_targets
        self._claims = {"dataset": self.NAME, **facts}
        for store in (input, target):
            _check_claims(store.location, store.info, self._claims)
        made = {"blur": self.BLUR} if self.BLUR else {}
        facts = {**facts, **made, "storage": "lmdb" if layout.storage == "lmdb" else tree.kind}
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

    def check_count(self) -> None:
        """Compares the number of pairs with the published one.

        Raises:
            InputError: They differ.
        """
        ((field, published),) = self.PAIRS.items()
        values = self._fields[field]
        expected = sum(published[value] for value in ([values] if isinstance(values, str) else values))
        found = len(self.input.keys())
        if found != expected and not self._layout.crops:
            raise self._not_as_published(f"{found} pairs", str(expected))

    def check_published_size(self, sizes: Iterable[tuple[int, int]]) -> None:
        """Compares heights and widths with the published one.

        Raises:
            InputError: One differs.
        """
        other = set(sizes) - {self.SIZE}
        if other and self.SIZE is not None and not self._layout.crops:
            raise self._not_as_published(f"images of {size_text(min(other))}", size_text(self.SIZE))

    def _not_as_published(self, found: str, published: str) -> InputError:
        return InputError(
            f"{self.input.location} holds {found}, but {self.NAME} ({self._asked}) was published with "
            f"{published}; get the release as it is, or give --incomplete to take what is there."
        )

    def _find(self, root: Path, storage: str, facts: Mapping[str, Any]) -> tuple[FileTree, Layout]:
        layouts = [layout for layout in self.LAYOUTS if storage in ("auto", layout.storage)]
        passed_over = []
        for trees in trees_at(root):
            there = [
                (tree, layout) for tree in trees for layout in layouts if layout.exists(tree, self._fields)
            ]
            fitting = [
                (tree, layout)
                for tree, layout in there
                if all(facts[name] == value for name, value in layout.holds.items())
            ]
            if fitting:
                return self._only_one(fitting)
            passed_over += there
        for tree, layout in passed_over:
            place = tree.place(layout.inputs(self._fields)[0])
            _check_claims(place, layout.holds, facts)
        raise self._not_found(root, layouts)

    def _only_one(self, found: list[tuple[FileTree, Layout]]) -> tuple[FileTree, Layout]:
        # In one place the first layout counts; LMDBs may lie beside the folders they were made from.
        tree, layout = found[0]
        for other, _ in found:
            if other is not tree:
                raise InputError(
                    f"{self.NAME} ({self._asked}) is in {tree.location} and in {other.location}; name one."
                )
        return tree, layout

    def _not_found(self, root: Path, layouts: list[Layout]) -> NotFoundError:
        entries = open_tree(root).entries()
        patterns = ", ".join(path for layout in layouts for path in layout.inputs(self._fields))
        held = ", ".join(entries[:8]) + (", ..." if len(entries) > 8 else "") or "nothing"
        what = f"holds {held} but none of {patterns}" if root.exists() else "does not exist"
        return NotFoundError(
            f"{self.NAME} ({self._asked}) is not in {root}, which {what}",
            f"{self.HOW_TO_GET_IT} and put it there, or prepare LMDBs from it with "
            f"`python tools/prepare_data.py {self.NAME.lower()} --source ZIP_OR_FOLDER --out {root}`",
        )


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
