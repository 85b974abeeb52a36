"""Who knows whom: the imports of the sources, those inside functions too."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from .conftest import PROJECT

LAYERS = (
    {"checkpoints", "command_line", "errors", "files", "machine", "markdown", "project", "registry"}
    | {"safetensors_loader", "tensor_file", "training_facts"},
    {"synthesis"},
    {"datasets", "evaluation", "models"},
    {"engine", "inference", "plots"},
    {"benchmark"},
    {"report"},
    {"fcn_plugin"},  # the package's own face, which its parts do not see
)
"""A part of the package may import parts of earlier layers; of its own layer, only the first does."""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = {module_name(path): path for path in PROJECT.glob("fcn_plugin/**/*.py")}


def imported_by(name: str) -> Iterator[str]:
    """The absolute names of what a module imports."""
    path = SOURCES[name]
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                yield inner if inner in SOURCES else module


def part_of(name: str) -> str:
    """The first name below the package, or the package's."""
    return name.partition(".")[2].partition(".")[0] or name


def layer_of(part: str) -> int:
    return next(index for index, layer in enumerate(LAYERS) if part in layer)


def test_every_part_has_a_layer():
    assert {part_of(name) for name in SOURCES} == set.union(*LAYERS)


def test_parts_know_only_parts_of_earlier_layers():
    upside_down = [
        f"{name} imports {imported}"
        for name in SOURCES
        for imported in imported_by(name)
        if imported in SOURCES
        and part_of(name) != part_of(imported)
        and layer_of(part_of(name)) <= layer_of(part_of(imported)) > 0
    ]
    assert not upside_down


def test_no_modules_import_each_other_in_a_circle():
    graph = {
        name: {imported for imported in imported_by(name) if imported in SOURCES and imported != name}
        for name in SOURCES
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" ← ".join(error.args[1]))


def test_blocks_know_nothing_but_torch_the_registry_and_its_errors():
    blocks = "fcn_plugin.models.blocks"
    foreign = {
        f"{name} imports {imported}"
        for name in SOURCES
        for imported in imported_by(name)
        if name.startswith(blocks)
        and not imported.startswith((blocks, "fcn_plugin.registry", "fcn_plugin.errors"))
        and imported.split(".")[0] not in {"torch", *sys.stdlib_module_names}
    }
    assert not foreign


def test_the_package_knows_neither_tools_nor_configs_nor_tests():
    outside = {imported.split(".")[0] for name in SOURCES for imported in imported_by(name)}
    assert outside.isdisjoint({"configs", "tests", "tools"})
