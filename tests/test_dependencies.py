"""What setup.py asks for is what the code imports, and installing it leaves other packages alone."""

import ast
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import PathDistribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .conftest import PROJECT

STAND_IN = {"mmcv/__init__.py": "complete = True\n", "mmcv/_ext.so": "compiled operators\n"}


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """The wheel that pip makes of the project, built from a copy of what it is made of."""
    source, wheels = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("setup.py", "pyproject.toml", "README.md"):
        shutil.copy(PROJECT / name, source)
    shutil.copytree(
        PROJECT / "fcn_plugin", source / "fcn_plugin", ignore=shutil.ignore_patterns("__pycache__")
    )
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, source)
    (wheel,) = wheels.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def requirements(plugin):
    return [
        Requirement(line) for line in PathDistribution(zipfile.Path(plugin, metadata_folder(plugin))).requires
    ]


def metadata_folder(wheel: Path) -> str:
    name, version = wheel.name.split("-")[:2]
    return f"{name}-{version}.dist-info/"


@pytest.fixture
def environment(tmp_path):
    """An empty virtual environment; its folder of packages."""
    venv.create(tmp_path / "venv", with_pip=False)
    (packages,) = tmp_path.glob("venv/lib/*/site-packages")
    return packages


@pytest.fixture
def index(tmp_path, requirements):
    """A folder of empty packages: all that the plugin may ask for, and MMCV in both of its forms."""
    index = tmp_path / "index"
    index.mkdir()
    for requirement in requirements:
        (bound,) = requirement.specifier
        write_wheel(index, requirement.name, bound.version)
    write_wheel(index, "mmcv", "2.1.0", STAND_IN)
    write_wheel(index, "mmcv", "2.2.0", {"mmcv/__init__.py": ""})
    write_wheel(index, "mmcv-lite", "2.2.0", {"mmcv/__init__.py": ""})
    return index


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str] | None = None) -> None:
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    contents = {
        **(files or {}),
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{stem}.dist-info/RECORD"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for path, content in contents.items():
            wheel.writestr(path, content)
        wheel.writestr(record, "".join(f"{path},,\n" for path in [*contents, record]))


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    # Neither this machine's package indexes nor packages beside the tests have a say.
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    settings["PIP_CONFIG_FILE"] = os.devnull
    result = subprocess.run(command, capture_output=True, text=True, env=settings)
    assert result.returncode == 0, result.stderr


def install(environment: Path, index: Path, *what: str) -> None:
    python = environment.parents[2] / "bin" / "python"
    pip("--python", python, "install", "--no-index", "--find-links", index, *what)


def installed(environment: Path, name: str) -> list[str]:
    """The versions of a package that an environment has."""
    stem = name.replace("-", "_")
    return [
        folder.name[len(stem) + 1 : -len(".dist-info")] for folder in environment.glob(f"{stem}-*.dist-info")
    ]


def test_installing_leaves_a_full_mmcv_as_it_is(environment, index, plugin):
    install(environment, index, "mmcv==2.1.0")
    install(environment, index, str(plugin))
    assert installed(environment, "fcn-plugin")
    assert installed(environment, "torch")
    assert installed(environment, "mmcv") == ["2.1.0"]
    assert installed(environment, "mmcv-lite") == []
    for path, content in STAND_IN.items():
        assert (environment / path).read_text() == content


def test_standalone_brings_an_mmcv(environment, index, plugin):
    """And would break a full one, which is why it is an extra: both packages own the folder ``mmcv``."""
    install(environment, index, "mmcv==2.1.0")
    install(environment, index, f"{plugin}[standalone]")
    assert installed(environment, "mmcv-lite") == ["2.2.0"]
    assert (environment / "mmcv/__init__.py").read_text() != STAND_IN["mmcv/__init__.py"]


def test_the_command_is_installed(plugin):
    (command,) = PathDistribution(zipfile.Path(plugin, metadata_folder(plugin))).entry_points
    assert (command.group, command.name) == ("console_scripts", "fcn-deblur")
    assert callable(command.load())


def test_every_requirement_has_a_lower_bound(requirements):
    for requirement in requirements:
        assert [bound.operator for bound in requirement.specifier] == [">="], requirement


def test_what_is_imported_is_declared(requirements):
    declared = {canonicalize_name(requirement.name) for requirement in requirements}
    providers = packages_distributions()
    for path in [*PROJECT.glob("fcn_plugin/**/*.py"), *PROJECT.glob("tools/**/*.py")]:
        for module in imported_modules(path) - set(sys.stdlib_module_names) - {"fcn_plugin", "mmcv"}:
            names = {canonicalize_name(name) for name in providers.get(module, [module])}
            assert names & declared, f"{path} imports {module}, which setup.py does not ask for"


def imported_modules(path: Path) -> set[str]:
    """The top-level modules that a file imports, but for its neighbours, which a script may import."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules.add(node.module.split(".")[0])
    return modules - {neighbour.stem for neighbour in path.parent.glob("*.py")}
