"""What tools find out, written into the model cards: sizes of networks, and results."""

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import mmengine
import torch

from fcn_plugin.benchmark.cost import COST_SIZE, count_macs, count_parameters
from fcn_plugin.benchmark.way import build_model
from fcn_plugin.engine.launch import load_config
from fcn_plugin.errors import InputError
from fcn_plugin.files import sha256_of, write_atomically
from fcn_plugin.project import PROJECT

from .comparison import METRICS
from .measurement import Measurement
from .model_cards import INDEX, MACS, MEASURED, metafiles, parse_model_cards, read_metafile

TASK = "Image Deblurring"


def update_cards(
    measurements: Sequence[Measurement] = (),
    weights: str | os.PathLike | None = None,
    licence: str | None = None,
    index: str | os.PathLike = INDEX,
    report: Callable[[str], None] = print,
) -> None:
    """Counts every network anew, records measurements in the cards of their configs, writes the metafiles.

    A card's measured results are of one checkpoint: those of another are dropped. ``weights``, the file that
    the one measurement is of, becomes what its card offers, under ``licence``. A network that cannot be built
    here (other papers' need spandrel) is reported and keeps its numbers.

    Raises `InputError`, before anything is written, for a measurement that no card is for or that is of
    another network than its card's, and for weights that are not those that were measured.
    """
    files = {path: read_metafile(path) for path in metafiles(index)}
    models = (model for content in files.values() for model in content.get("Models", []))
    entries = [model for model in models if "Config" in model]
    for entry in entries:
        try:
            entry["Metadata"] |= network_size(entry["Config"])
        except InputError as error:
            report(f"{entry['Config']} keeps its numbers: {error}")
    for measurement in measurements:
        _record(_entry_of(measurement, entries), measurement)
    if weights is not None:
        if len(measurements) != 1 or licence is None:
            raise InputError(f"{weights}: name the one results file that it was tested in, and its licence")
        _offer(_entry_of(measurements[0], entries), measurements[0], Path(weights), licence)
    parse_model_cards(files)
    for path, content in files.items():
        write_atomically(path, metafile_text(path.read_text(encoding="utf-8"), content))


def network_size(config: str) -> dict[str, int]:
    """The fields of a card that say how large the network of a config is."""
    with torch.device("meta"):
        network = build_model(load_config(str(PROJECT / config))).network
    return {"Parameters": count_parameters(network), MACS: count_macs(network, COST_SIZE)}


def metafile_text(before: str, content: Mapping[str, Any]) -> str:
    """A metafile's text anew; of the one before only the comment at its head stays."""
    head = itertools.takewhile(lambda line: line.startswith("#"), before.splitlines(keepends=True))
    return "".join(head) + mmengine.dump(
        content, file_format="yml", sort_keys=False, allow_unicode=True, width=110
    )


def _entry_of(measurement: Measurement, entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    for entry in entries:
        if measurement.is_of(entry["Config"]):
            return entry
    raise InputError(
        f"{measurement.path}: its config {measurement.config} has no model card; add one to a metafile.yml"
    )


def _record(entry: dict[str, Any], measurement: Measurement) -> None:
    parameters = entry["Metadata"]["Parameters"]
    if measurement.parameters != parameters:
        raise InputError(
            f"{measurement.path}: the network tested has {measurement.parameters} parameters and that "
            f"of {entry['Config']} {parameters}; test again without options that change the network"
        )
    kept = [
        result
        for result in entry.get("Results", [])
        if result["Origin"] != MEASURED
        or (result["SHA256"] == measurement.sha256 and result["Dataset"] not in measurement.scores)
    ]
    entry["Results"] = kept + [
        {
            "Task": TASK,
            "Dataset": dataset,
            "Origin": MEASURED,
            "Protocol": measurement.protocol,
            "SHA256": measurement.sha256,
            "Metrics": {name: round(value, 4) for name, value in scores.items()},
            **_better(measurement, scores),
        }
        for dataset, scores in measurement.scores.items()
    ]


def _better(measurement: Measurement, scores: Mapping[str, float]) -> dict[str, dict[str, str]]:
    """The field that says which scores are better, of metrics whose names do not."""
    told = {
        name: measurement.better[name]
        for name in scores
        if name in measurement.better and name not in METRICS
    }
    return {"Better": told} if told else {}


def _offer(entry: dict[str, Any], measurement: Measurement, weights: Path, licence: str) -> None:
    if not weights.is_file():
        raise InputError(f"{weights}: there is no such file of weights; name the one that was tested")
    sha256 = sha256_of(weights)
    if sha256 != measurement.sha256:
        raise InputError(
            f"{weights}: has sha256 {sha256}, but {measurement.path} is of {measurement.sha256}; "
            "test these weights first"
        )
    path = weights.resolve()
    file = path.relative_to(PROJECT).as_posix() if path.is_relative_to(PROJECT) else path.name
    entry |= {"Weights": file, "Weights SHA256": sha256, "Weights Licence": licence}
