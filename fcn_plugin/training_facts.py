"""What a training checkpoint tells of the network and of its training."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any


def training_facts(checkpoint: Mapping[str, Any], config: str | None = None) -> dict[str, Any]:
    """Metadata for a weights file, out of a checkpoint that MMEngine saved.

    ``network`` holds the config's arguments of `FCN`; ``training`` the config's name, ``crop_size`` (height,
    width), epochs, iterations, seed and dataset, each where it is known. ``config`` is the text of the
    config; without it, the checkpoint's own counts.
    """
    meta = checkpoint.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    config = read_assignments(config or _text(meta.get("cfg")))
    run = re.sub(r"_\d{8}_\d{6}$", "", _text(meta.get("experiment_name")))
    facts = {
        "config": run or None,
        "crop_size": crop_size(config.get("train_dataloader")),
        "epochs": meta.get("epoch"),
        "iterations": meta.get("iter"),
        "seed": meta.get("seed"),
        "dataset": meta.get("dataset_meta"),
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
