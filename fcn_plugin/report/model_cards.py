"""Model cards: what is known of a network, of the data and the weights it has, and of its results.

They are the ``metafile.yml`` files that ``model-index.yml`` names, in OpenMMLab's layout. Numbers that a tool
can find out are written by `python tools/report.py cards`, never by hand.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mmengine
import yaml

from fcn_plugin.errors import InputError, did_you_mean
from fcn_plugin.evaluation.metric_names import HIGHER, LOWER
from fcn_plugin.project import PROJECT

INDEX = PROJECT / "model-index.yml"
PUBLISHED, MEASURED = "published", "measured"
UNKNOWN_SSIM = "SSIM-unknown"
"""The name of an SSIM whose protocol its authors do not state."""
MACS = "MACs at 256x256"
KINDS = {str: "text", int: "whole number", list: "list", dict: "mapping"}


@dataclass(frozen=True)
class Dataset:
    """Images that networks are trained on, and on what terms."""

    name: str
    url: str | None
    licence: str


@dataclass(frozen=True)
class Collection:
    """An architecture: the paper it is from, and the licence of the code that the network is built of."""

    name: str
    paper: str
    url: str | None
    licence: str | None


@dataclass(frozen=True)
class Result:
    """Mean scores on one dataset, and how they came about.

    ``metrics`` are by the names of `fcn_plugin.evaluation`: ``PSNR`` in dB, ``SSIM-matlab``,
    ``SSIM-per-channel``, each with ``-blurry`` for the images before restoration; and `UNKNOWN_SSIM`.
    ``better`` says of others whether ``higher`` or ``lower`` is better.
    ``origin`` is ``published``, and then ``source`` says where, or ``measured``, and then ``sha256`` is that
    of the weights.
    """

    dataset: str
    metrics: Mapping[str, float]
    origin: str
    protocol: str
    source: str | None = None
    sha256: str | None = None
    better: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Weights:
    """A file of weights: a path in the checkout, or an address."""

    file: str
    sha256: str
    licence: str


@dataclass(frozen=True)
class ModelCard:
    """One network. ``macs`` are multiply-accumulates for a 256×256 image.

    A card without a ``config`` repeats what others published of a network that was not trained here.
    """

    name: str
    collection: Collection
    config: str | None
    recipe: str | None
    parameters: int | None
    macs: int | None
    training_data: tuple[Dataset, ...]
    results: tuple[Result, ...]
    weights: Weights | None


def read_model_cards(index: str | os.PathLike = INDEX) -> list[ModelCard]:
    """All cards of the files that ``index`` imports, in their order.

    Raises `InputError` for a file that is missing or not as it should be.
    """
    return parse_model_cards({path: read_metafile(path) for path in metafiles(index)})


def parse_model_cards(contents: Mapping[Path, Mapping[str, Any]]) -> list[ModelCard]:
    """The cards of metafiles, given what each of them holds; raises as `read_model_cards` does."""
    files = contents.items()
    datasets = {known.name: known for path, content in files for known in _datasets(path, content)}
    collections = {known.name: known for path, content in files for known in _collections(path, content)}
    cards = []
    for path, content in files:
        for entry in content.get("Models", []):
            card = _card(_Entry(path, "a model", entry), collections, datasets)
            if any(card.name == other.name for other in cards):
                raise InputError(f"{path}: there is more than one model {card.name!r}; rename one")
            cards.append(card)
    return cards


def metafiles(index: str | os.PathLike = INDEX) -> list[Path]:
    """The files that ``index`` imports; their paths are relative to its own folder."""
    entry = _Entry(index, "the index", read_metafile(index))
    return [Path(index).parent / path for path in entry.take({"Import": list})["Import"]]


def read_metafile(path: str | os.PathLike) -> dict[str, Any]:
    """A metafile's content as it stands."""
    try:
        content = mmengine.load(path, file_format="yml")
    except OSError as error:
        raise InputError(f"{path}: no such file; model-index.yml names the metafiles there are") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML ({' '.join(str(error).split())}); mend it") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: holds no Models, Collections, Datasets or Import; see model-index.yml")
    return content


class _Entry:
    """One mapping of a file, whose fields are checked when they are taken."""

    def __init__(self, path: str | os.PathLike, what: str, content: Any):
        self.place = f"{path}: {what}"
        if isinstance(content, Mapping) and isinstance(content.get("Name"), str):
            self.place += f" {content['Name']!r}"
        if not isinstance(content, Mapping):
            raise InputError(f"{self.place} is {content!r}, not a mapping of fields; mend the file")
        self.content = content

    def take(
        self, required: Mapping[str, type], optional: Mapping[str, type] | None = None
    ) -> dict[str, Any]:
        """The fields by name, None for optional ones that are missing."""
        known = {**required, **(optional or {})}
        for name, value in self.content.items():
            if name not in known:
                raise InputError(f"{self.place} has an unknown field {name!r}{did_you_mean(name, known)}")
            if not isinstance(value, known[name]) or isinstance(value, bool):
                raise InputError(f"{self.place}: {name} must be a {KINDS[known[name]]}, not {value!r}")
        for name in required:
            if name not in self.content:
                raise InputError(f"{self.place} lacks {name}; add it")
        return {name: self.content.get(name) for name in known}

    def inner(self, name: str) -> Iterator["_Entry"]:
        """The entries of a field that lists some."""
        for number, content in enumerate(self.content.get(name, []), start=1):
            yield _Entry(self.place, f"{name} {number}", content)


def _datasets(path: Path, content: Mapping[str, Any]) -> Iterator[Dataset]:
    for entry in content.get("Datasets", []):
        fields = _Entry(path, "dataset", entry).take({"Name": str, "Licence": str}, {"URL": str})
        yield Dataset(fields["Name"], fields["URL"], fields["Licence"])


def _collections(path: Path, content: Mapping[str, Any]) -> Iterator[Collection]:
    for content_of_one in content.get("Collections", []):
        entry = _Entry(path, "collection", content_of_one)
        fields = entry.take({"Name": str, "Paper": dict}, {"README": str, "Licence": str})
        paper = _Entry(entry.place, "its paper", fields["Paper"]).take({"Title": str}, {"URL": str})
        yield Collection(fields["Name"], paper["Title"], paper["URL"], fields["Licence"])


def _card(entry: _Entry, collections: Mapping[str, Collection], datasets: Mapping[str, Dataset]) -> ModelCard:
    fields = entry.take(
        {"Name": str, "In Collection": str, "Metadata": dict},
        {"Config": str, "Results": list, "Weights": str, "Weights SHA256": str, "Weights Licence": str},
    )
    metadata = _Entry(entry.place, "its metadata", fields["Metadata"]).take(
        # Of a network that is not built here, what others say of it.
        {"Parameters": int, MACS: int, "Training Data": list, "Recipe": str} if fields["Config"] else {},
        {} if fields["Config"] else {"Parameters": int, MACS: int, "Training Data": list, "Recipe": str},
    )
    results = tuple(_result(result) for result in entry.inner("Results"))
    return ModelCard(
        name=fields["Name"],
        collection=_named(entry, "In Collection", fields["In Collection"], collections),
        config=fields["Config"],
        recipe=metadata["Recipe"],
        parameters=metadata["Parameters"],
        macs=metadata[MACS],
        training_data=tuple(
            _named(entry, "Training Data", name, datasets) for name in metadata["Training Data"] or ()
        ),
        results=results,
        weights=_weights(entry, fields, results),
    )


def _named(entry: _Entry, field: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise InputError(f"{entry.place}: {field} names no {name!r} that there is{did_you_mean(name, known)}")
    return known[name]


def _result(entry: _Entry) -> Result:
    fields = entry.take(
        {"Task": str, "Dataset": str, "Origin": str, "Protocol": str, "Metrics": dict},
        {"Source": str, "SHA256": str, "Better": dict},
    )
    origin = fields["Origin"]
    proof = {PUBLISHED: "Source", MEASURED: "SHA256"}
    if origin not in proof:
        raise InputError(f"{entry.place}: Origin must be {' or '.join(proof)}, not {origin!r}")
    if fields[proof[origin]] is None:
        raise InputError(f"{entry.place} is {origin} and lacks {proof[origin]}; add it")
    for name, value in fields["Metrics"].items():
        if not isinstance(value, int | float):
            raise InputError(f"{entry.place}: {name} must be a number, not {value!r}")
        if name == "SSIM":
            raise InputError(
                f"{entry.place}: SSIM is several; call it SSIM-matlab, SSIM-per-channel or {UNKNOWN_SSIM}"
            )
    for name, value in (fields["Better"] or {}).items():
        if value not in (HIGHER, LOWER):
            raise InputError(f"{entry.place}: {name} is better when {HIGHER} or {LOWER}, not {value!r}")
    return Result(
        dataset=fields["Dataset"],
        metrics=fields["Metrics"],
        origin=origin,
        protocol=fields["Protocol"],
        source=fields["Source"],
        sha256=fields["SHA256"],
        better=fields["Better"],
    )


def _weights(entry: _Entry, fields: Mapping[str, Any], results: tuple[Result, ...]) -> Weights | None:
    sums = {result.sha256 for result in results if result.origin == MEASURED}
    if fields["Weights"] is not None:
        for name in ("Weights SHA256", "Weights Licence"):
            if fields[name] is None:
                raise InputError(f"{entry.place} has Weights and lacks {name}; add it")
        sums.add(fields["Weights SHA256"])
    if len(sums) > 1:
        raise InputError(
            f"{entry.place}: its measured results and Weights are not of one file of weights; record both"
        )
    if fields["Weights"] is None:
        return None
    return Weights(fields["Weights"], fields["Weights SHA256"], fields["Weights Licence"])
