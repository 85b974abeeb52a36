"""What ``tools/test.py`` measured, from the files that it leaves."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from fcn_plugin.datasets import GoProDataset, HIDEDataset
from fcn_plugin.errors import InputError

AS_PUBLISHED = {
    "GoPro": ("split=test", "blur=linear", f"{GoProDataset.PAIRS['split']['test']} pairs"),
    "HIDE": ("split=test", f"{sum(HIDEDataset.PAIRS['subsets'].values())} pairs"),
}
"""What the facts of a dataset must say for scores on it to stand beside published ones."""
TEXTS = ("config", "checkpoint", "sha256", "device", "dtype", "inference")


@dataclass(frozen=True)
class Measurement:
    """One ``results.json``: a checkpoint, tested on the datasets of a config.

    ``metrics`` are named ``DATASET/METRIC``; ``datasets`` has a line of facts on each dataset; ``parameters``
    are the network's, None in files of a time when they were not counted.
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
        return f"{dataset} ({', '.join(told)})"


def read_measurement(path: str | os.PathLike, name: str | None = None) -> Measurement:
    """Reads a results file; it is called ``name``, or as its config is.

    Raises `InputError` for a file that is missing or is none that ``tools/test.py`` writes today.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path}: no such results file; python tools/test.py CONFIG CHECKPOINT writes one"
        ) from error
    except ValueError as error:
        raise InputError(f"{path}: not JSON; name a results.json that tools/test.py wrote") from error
    if not isinstance(content, dict):
        content = {}
    kinds = {**dict.fromkeys(TEXTS, str), "datasets": list, "metrics": dict}
    missing = [key for key, kind in kinds.items() if not isinstance(content.get(key), kind)]
    if missing:
        raise InputError(
            f"{path}: does not tell {' and '.join(missing)}; name a results.json that tools/test.py wrote, "
            "and test again where it is of an older version"
        )
    return Measurement(
        path=path,
        name=name or Path(content["config"]).stem,
        datasets=tuple(content["datasets"]),
        metrics=content["metrics"],
        parameters=content.get("parameters"),
        **{key: content[key] for key in TEXTS},
    )


def read_measurements(words: list[str]) -> list[Measurement]:
    """Reads files given as ``PATH`` or ``NAME=PATH``; without any, all ``work_dirs/*/results.json``.

    Those of one name are told apart by the folders that they lie in.
    """
    words = words or [str(path) for path in sorted(Path("work_dirs").glob("*/results.json"))]
    found = []
    for word in words:
        name, equals, path = word.rpartition("=")
        given = bool(equals) and not Path(word).exists()
        found.append(read_measurement(path if given else word, name if given else None))
    names = [measurement.name for measurement in found]
    return [
        measurement
        if names.count(measurement.name) == 1
        else replace(measurement, name=f"{measurement.name} ({measurement.path.parent.name})")
        for measurement in found
    ]
