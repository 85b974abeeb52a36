"""What ``tools/test.py`` measured, from the files that it leaves."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from fcn_plugin.datasets import GoProDataset, HIDEDataset
from fcn_plugin.errors import InputError
from fcn_plugin.evaluation.metric_names import HIGHER, LOWER
from fcn_plugin.files import read_json

AS_PUBLISHED = {
    "GoPro": ("split=test", "blur=linear", f"{GoProDataset.PAIRS['split']['test']} pairs"),
    "HIDE": ("split=test", f"{sum(HIDEDataset.PAIRS['subsets'].values())} pairs"),
}
"""What the facts of a dataset must say for scores on it to stand beside published ones."""
UNNAMED = "unnamed images"
TEXTS = ("config", "checkpoint", "sha256", "device", "dtype", "inference")


@dataclass(frozen=True)
class Measurement:
    """One ``results.json``: a checkpoint, tested on the datasets of a config.

    ``metrics`` are named ``DATASET/METRIC``; ``datasets`` has a line of facts on each dataset; ``parameters``
    are the network's, None in files of a time when they were not counted. ``better`` says of metrics, without
    their datasets, whether ``higher`` or ``lower`` is better; files of an earlier time do not.
    """

    path: Path
    name: str
    config: str
    checkpoint: str
    sha256: str
    device: str
    dtype: str
    inference: str
    datasets: tuple[str, ...]
    metrics: Mapping[str, float]
    parameters: int | None
    better: Mapping[str, str]

    @cached_property
    def scores(self) -> dict[str, dict[str, float]]:
        """``{dataset: {metric: value}}``.

        GoPro and HIDE have these names where the whole test set was taken, of GoPro the linear blur; the
        names of any other choice of images say what it is, since scores on it compare with no published one.
        """
        scores: dict[str, dict[str, float]] = {}
        for name, value in self.metrics.items():
            dataset, _, metric = name.rpartition("/")
            scores.setdefault(self._label(dataset), {})[metric] = value
        return scores

    @property
    def protocol(self) -> str:
        """What was done, in words."""
        return f"{'; '.join(self.datasets)}; {self.inference}, {self.dtype} on {self.device}"

    def is_of(self, config: str) -> bool:
        """Whether this is of a config, named as it is in the checkout."""
        return f"/{Path(self.config).as_posix()}".endswith(f"/{config}")

    def _label(self, dataset: str) -> str:
        facts = next((text for text in self.datasets if f"{text}, ".startswith(f"dataset={dataset}, ")), "")
        told = [fact for fact in facts.split(", ")[1:] if not fact.startswith("storage=")]
        if dataset in AS_PUBLISHED and set(AS_PUBLISHED[dataset]) <= set(told):
            return dataset
        return f"{dataset or UNNAMED} ({', '.join(told) or 'of which nothing is told'})"


def read_measurement(path: str | os.PathLike, name: str | None = None) -> Measurement:
    """Reads a results file; it is called ``name``, or as its config is.

    Raises `InputError` for a file that is missing or is none that ``tools/test.py`` writes today.
    """
    path = Path(path)
    content = read_json(path, "name a results.json, which python tools/test.py CONFIG CHECKPOINT writes")
    fault = _fault(content if isinstance(content, dict) else {})
    if fault is not None:
        raise InputError(
            f"{path}: {fault}; name a results.json that tools/test.py wrote, and test again where it is of "
            "an older version"
        )
    return Measurement(
        path=path,
        name=name or Path(content["config"]).stem,
        datasets=tuple(content["datasets"]),
        metrics=content["metrics"],
        parameters=content.get("parameters"),
        better=content.get("better", {}),
        **{key: content[key] for key in TEXTS},
    )


def _fault(content: Mapping[str, Any]) -> str | None:
    """What keeps a file's content from being a measurement."""
    kinds = {**dict.fromkeys(TEXTS, str), "datasets": list, "metrics": dict}
    missing = [key for key, kind in kinds.items() if not isinstance(content.get(key), kind)]
    if missing:
        return f"does not tell {' and '.join(missing)}"
    for text in content["datasets"]:
        if not isinstance(text, str):
            return f"says {text!r} of a dataset, which is no text"
    for name, value in content["metrics"].items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return f"gives {name} as {value!r}, which is no finite number"
    if not isinstance(content.get("parameters", 0), int):
        return f"gives the number of parameters as {content['parameters']!r}"
    better = content.get("better", {})
    if not isinstance(better, dict) or not all(value in (HIGHER, LOWER) for value in better.values()):
        return f"says that better is {better!r}, where each metric has {HIGHER!r} or {LOWER!r}"
    return None


def read_measurements(words: Sequence[str]) -> list[Measurement]:
    """Reads files given as ``PATH`` or ``NAME=PATH``; without any, all ``work_dirs/*/results.json``.

    Those without a name are called as their configs are, and where that is one name, told apart by the
    folders that they lie in.

    Raises `InputError` for a file that is named twice and for a name that is given twice, and as
    `read_measurement` does.
    """
    words = words or [str(path) for path in sorted(Path("work_dirs").glob("*/results.json"))]
    named = [split_name(word) for word in words]
    found = [read_measurement(path, name) for name, path in named]
    places = [measurement.path.resolve() for measurement in found]
    for place, measurement in zip(places, found, strict=True):
        if places.count(place) > 1:
            raise InputError(f"{measurement.path}: named more than once; name each results file once")
    names = [measurement.name for measurement in found]
    for index, (name, _) in enumerate(named):
        if name is not None and names.count(name) > 1:
            raise InputError(f"{words[index]}: {name!r} is the name of another file too; name each once")
    return [
        measurement
        if names.count(measurement.name) == 1
        else replace(measurement, name=f"{measurement.name} ({_distinction(place, places)})")
        for place, measurement in zip(places, found, strict=True)
    ]


def split_name(word: str) -> tuple[str | None, str]:
    """The name, if there is one, and the path of ``PATH`` or ``NAME=PATH``.

    A name has no ``=``, a path may; a word that is a path as it stands has no name.
    """
    name, equals, path = word.partition("=")
    return (name, path) if equals and name and not Path(word).exists() else (None, word)


def _distinction(path: Path, paths: Sequence[Path]) -> str:
    """The part of a path that no other of ``paths`` has at that place, counted from the end."""
    backwards = [other.parts[::-1] for other in paths]
    first = next(index for index, parts in enumerate(zip(*backwards, strict=False)) if len(set(parts)) > 1)
    mine = path.parts[::-1][first:]
    length = next(
        length
        for length in range(1, len(mine) + 1)
        if sum(other[first : first + length] == mine[:length] for other in backwards) == 1
    )
    return "/".join(reversed(mine[:length]))
