"""What a training checkpoint tells of the network and of its training."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

BLURRING_TRANSFORMS = {"SynthesizeBlur", "AverageFrames"}
"""Transforms that make the blur of datasets that have none."""


def training_facts(checkpoint: Mapping[str, Any], config: str | None = None) -> dict[str, Any]:
    """Metadata for a weights file, out of a checkpoint that MMEngine saved.

    ``network`` holds the config's arguments of `FCN`; ``training`` the config's name, ``crop_size`` (height,
    width), epochs, iterations, seed and datasets, each where it is known. ``config`` is the text of the
    config; without it, the checkpoint's own counts.
    """
    meta = checkpoint.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    config = read_assignments(config or _text(meta.get("cfg")))
    trained_on = config.get("train_dataloader")
    run = re.sub(r"_\d{8}_\d{6}$", "", _text(meta.get("experiment_name")))
    facts = {
        "config": run or None,
        "crop_size": crop_size(trained_on),
        "epochs": meta.get("epoch"),
        "iterations": meta.get("iter"),
        "seed": meta.get("seed"),
        "datasets": datasets(trained_on, meta.get("dataset_meta")) or None,
    }
    model = config.get("model")
    network = model.get("network") if isinstance(model, dict) else None
    return {
        "network": network if isinstance(network, dict) else {},
        "training": {name: value for name, value in facts.items() if value is not None},
    }


def crop_size(train_dataloader: Any) -> list[int] | None:
    """Height and width of the images that a config trains on; ``None`` where its pipelines do not say."""
    sizes = (step["size"] for step in _pipeline_steps(train_dataloader) if "size" in step)
    size = next(sizes, None)
    if isinstance(size, int):
        return [size, size]
    return list(size) if isinstance(size, list | tuple) and len(size) == 2 else None


def datasets(train_dataloader: Any, first: Any = None) -> list[dict[str, Any]]:
    """What a config states of each dataset that it trains on: its name, kind of blur, split and other facts.

    ``first`` is what a checkpoint says, which is of the first of concatenated datasets alone.
    """
    found = [_describe(dataset) for dataset in _datasets(train_dataloader)] or [{}]
    if isinstance(first, dict):
        found[0] |= first
    return [facts for facts in found if facts]


def read_assignments(text: str) -> dict[str, Any]:
    """The values that a config's text, as MMEngine stores it in checkpoints, assigns to its names.

    Literals, and ``dict`` called with literals: what MMEngine writes. `mmengine.Config` would execute the
    text, which must not happen with a file from somebody else. Names with anything else behind them are left
    out; of text that is no Python at all, nothing is read.
    """
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what CPython's parser raises
        return {}
    values = {}
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                values[statement.targets[0].id] = _value(statement.value)
            except (ValueError, TypeError, RecursionError):
                continue
    return values


def _text(value: Any) -> str:
    # Of other values a few bytes may be without end as text.
    return value if isinstance(value, str) else ""


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        # dict({'a-b': 1}, c=2): the form for keys that are no names.
        keywords = {keyword.arg: _value(keyword.value) for keyword in node.keywords}
        return {**(_value(node.args[0]) if node.args else {}), **keywords}
    if isinstance(node, ast.Dict):
        return {_value(key): _value(value) for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(element) for element in node.elts]
    return ast.literal_eval(node)


def _datasets(config: Any) -> Iterator[dict[str, Any]]:
    """The configs of the datasets that wrappers such as ``ConcatDataset`` hold below ``config``, in order."""
    if isinstance(config, list | tuple):
        for value in config:
            yield from _datasets(value)
    elif isinstance(config, dict):
        inner = [config[name] for name in ("dataset", "datasets") if name in config]
        if inner:
            yield from _datasets(inner)
        elif isinstance(config.get("type"), str):
            yield config


def _describe(dataset: dict[str, Any]) -> dict[str, Any]:
    name = dataset.get("name", dataset["type"].rpartition(".")[2].removesuffix("Dataset"))
    steps = {str(step.get("type")).rpartition(".")[2] for step in _pipeline_steps(dataset)}
    blur = {"blur": "synthetic"} if steps & BLURRING_TRANSFORMS else {}
    stated = {field: dataset[field] for field in ("split", "subset", "blur") if field in dataset}
    facts = dataset.get("facts")
    return {"dataset": name, **blur, **stated, **(facts if isinstance(facts, dict) else {})}


def _pipeline_steps(config: Any) -> Iterator[dict[str, Any]]:
    """The transforms of all pipelines below ``config``, in order."""
    if isinstance(config, dict):
        for name, value in config.items():
            if name == "pipeline" and isinstance(value, list | tuple):
                yield from (step for step in value if isinstance(step, dict))
            else:
                yield from _pipeline_steps(value)
    elif isinstance(config, list | tuple):
        for value in config:
            yield from _pipeline_steps(value)
