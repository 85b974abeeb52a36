"""Every registered component builds under any default scope, and the registries keep their manners."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import mmengine.registry
import pytest
import torch
from mmengine.registry import DefaultScope, Registry
from torch.utils.data import DataLoader

from fcn_plugin import registry
from fcn_plugin.datasets.storage import FolderStore, LMDBPlan, write_lmdbs

from .conftest import TINY_PEERS, write_pairs

OURS = {name: value for name, value in vars(registry).items() if isinstance(value, Registry)}
FILLED = [name for name, child in OURS.items() if child._locations]
HEAVY = {
    "PIL",
    "cv2",
    "lmdb",
    "matplotlib",
    "mmcv",
    "mmengine",
    "numpy",
    "rich",
    "torch",
    "torchvision",
    "yapf",
}

TINY_FCN = {"type": "fcn_plugin.FCN", "width": 2, "pyramid_widths": (2, 2, 2)}
EXAMPLES: dict[str, dict[str, Any] | Callable[[Path], dict[str, Any]]] = {
    "AverageFrames": {"size": 8},
    "CPUAmpOptimWrapper": {"optimizer": torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)},
    "DeblurringModel": {"network": TINY_FCN},
    "EFEM": {"in_channels": 2},
    "FolderStore": lambda data: {"root": data / "blur"},
    "FrameSequenceDataset": lambda data: {"source": data / "frames" / "sharp", "name": "frames", "frames": 3},
    "GlobalFeatureCatcher": {"in_channels": 2},
    "GoProDataset": lambda data: {"data_root": data, "split": "test", "blur": "linear"},
    "HIDEDataset": lambda data: {"data_root": data},
    "LMDBStore": lambda data: {"path": data / "blur.lmdb"},
    "LocalFeatureCatcher": {"in_channels": 2},
    "MSAM": {"in_channels": 2},
    "PairedImageDataset": lambda data: {"input": data / "blur", "target": data / "sharp", "name": "pairs"},
    "PairedRandomCrop": {"size": 8},
    "PairedResize": {"size": 8},
    "PredictionHead": {"in_channels": 2},
    "ProcessingBlock": {"in_channels": 2},
    "QueryKeyMechanism": {"in_channels": 2},
    "RestoredImageHook": {"folder": "restored"},
    "PyIQAMetric": {"metric": "psnr"},
    "REDSDataset": lambda data: {"data_root": data, "split": "val"},
    "RealBlurDataset": lambda data: {"data_root": data, "subset": "J", "split": "test"},
    "RIM": {"in_channels": 2},
    "SharpImageDataset": lambda data: {"source": data / "sharp", "name": "photographs"},
    "SpandrelArch": {"arch": "NAFNet", **TINY_PEERS["NAFNet"]},
    "SynthesizeBlur": {"size": 8},
    "TimeBudgetTrainLoop": {"runner": Mock(), "dataloader": DataLoader([0]), "seconds": 1},
    "WithBlocks": {
        "network": TINY_FCN,
        "blocks": [{"after": "global_feature_catchers.0.shallow", "cfg": {"type": "fcn_plugin.EFEM"}}],
    },
}
"""Arguments that a component takes at the least, given a folder of data, by its name; none, if not here."""

LIBRARIES = {"SpandrelArch": "spandrel", "PyIQAMetric": "pyiqa"}
"""The fixture of the library that a component is built with, where that is optional."""


def registered():
    for name in FILLED:
        OURS[name].import_from_location()
        for component in OURS[name].module_dict:
            yield name, component


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """One pair as a folder, as LMDBs and in the layout of each published dataset; three frames."""
    folder = tmp_path_factory.mktemp("data")
    write_pairs(folder, 1)
    write_pairs(folder / "frames", 3)
    stores = {kind: FolderStore(folder / kind) for kind in ("blur", "sharp")}
    plans = [LMDBPlan(folder / f"{kind}.lmdb", store, store.keys(), {}) for kind, store in stores.items()]
    write_lmdbs(plans, workers=0, report=lambda line: None)
    for place, kind in (
        ("test/input", "blur"),
        ("test/target", "sharp"),
        ("input", "blur"),
        ("target", "sharp"),
        ("val/001/blur", "blur"),
        ("val/001/sharp", "sharp"),
        ("RealBlur_J/test/input", "blur"),
        ("RealBlur_J/test/target", "sharp"),
    ):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).symlink_to(folder / kind)
    return folder


def test_every_root_registry_has_a_child_of_ours():
    roots = {name for name, value in vars(mmengine.registry).items() if isinstance(value, Registry)}
    assert roots == set(OURS)
    for name in roots:
        assert OURS[name].scope == "fcn_plugin"
        assert OURS[name].parent is getattr(mmengine.registry, name)


def test_something_is_registered_everywhere_we_say():
    assert {name for name, _ in registered()} == set(FILLED)


@pytest.mark.parametrize("scope", ["mmengine", "tests", "fcn_plugin"])
@pytest.mark.parametrize(("name", "component"), list(registered()))
def test_a_component_builds_from_any_default_scope(name, component, scope, data, request):
    if component in LIBRARIES:
        request.getfixturevalue(LIBRARIES[component])
    root, wanted = getattr(mmengine.registry, name), OURS[name].module_dict[component]
    with DefaultScope.overwrite_default_scope(scope):
        if name == "FUNCTIONS":  # MMEngine looks these up and calls them itself
            assert root.get(f"fcn_plugin.{component}") is wanted
            return
        arguments = EXAMPLES.get(component, {})
        arguments = arguments(data) if callable(arguments) else arguments
        try:
            built = root.build({"type": f"fcn_plugin.{component}", **arguments})
        except TypeError as error:
            pytest.fail(f"{error}: give an example of its arguments in EXAMPLES")
    assert type(built) is wanted


def test_examples_are_of_components_that_there_are():
    assert set(EXAMPLES) <= {component for _, component in registered()}


def run(program: str) -> str:
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


def test_the_first_look_up_in_a_process_needs_no_imports_and_prints_no_warning():
    """A process for each registry, for one that is filled may fill others."""
    first = {name: f"fcn_plugin.{component}" for name, component in registered()}
    printed = run(
        "import multiprocessing, sys\n"
        "import mmcv, mmengine.registry, mmengine.runner, torch  # once for all processes\n"
        "def look_up(case):\n"
        "    assert 'fcn_plugin' not in sys.modules\n"
        "    return getattr(mmengine.registry, case[0]).get(case[1]).__name__\n"
        "with multiprocessing.get_context('fork').Pool(1, maxtasksperchild=1) as pool:\n"
        f"    print(pool.map(look_up, {list(first.items())!r}, chunksize=1))\n"
    )
    assert printed == f"{[name.removeprefix('fcn_plugin.') for name in first.values()]}\n"


MMENGINES_ADVICE = "Please check whether .* was registered as expected.*#import-the-custom-module"


@pytest.mark.parametrize("scope", ["mmengine", "tests", "fcn_plugin"])
@pytest.mark.parametrize(
    ("name", "wrong", "nearest"),
    [
        ("MODELS", "fcn_plugin.FNC", "FCN"),
        ("DATASETS", "fcn_plugin.GoproDataset", "GoProDataset"),
        ("METRICS", "fcn_plugin.psnr", "PSNR"),
        ("HOOKS", "fcn_plugin.EMAHok", "EMAHook"),  # of MMEngine, which our scope finds too
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(scope, name, wrong, nearest):
    root = getattr(mmengine.registry, name)
    sentence = (
        rf"is not in the fcn_plugin::{root.name} registry\. {MMENGINES_ADVICE}; did you mean '{nearest}'\?"
    )
    with DefaultScope.overwrite_default_scope(scope), pytest.raises(KeyError, match=sentence):
        root.build({"type": wrong})


def test_unscoped_names_are_answered_alike_under_our_default_scope():
    with DefaultScope.overwrite_default_scope("fcn_plugin"):
        with pytest.raises(KeyError, match=r"EFME is not in the fcn_plugin::model .* did you mean 'EFEM'\?"):
            mmengine.registry.MODELS.build({"type": "EFME"})
        with pytest.raises(KeyError, match=r"Adm is not .* did you mean 'Adam'\?"):
            mmengine.registry.OPTIMIZERS.build({"type": "Adm"})


def test_of_names_as_near_as_each_other_ours_is_given(monkeypatch):
    """MMCV puts its FFN into MMEngine's registry, which is as far from FNC as FCN is."""
    monkeypatch.setitem(mmengine.registry.MODELS.module_dict, "FFN", torch.nn.Module)
    with pytest.raises(KeyError, match=r"did you mean 'FCN'\?"):
        mmengine.registry.MODELS.build({"type": "fcn_plugin.FNC"})


def test_a_name_that_is_near_none_gets_mmengines_error_as_it_is():
    with pytest.raises(KeyError, match=rf"{MMENGINES_ADVICE}['\"]$"):
        mmengine.registry.MODELS.build({"type": "fcn_plugin.ResNeXt101"})


def test_asking_whether_a_name_is_known_raises_nothing():
    assert "FCN" in registry.MODELS
    assert "FNC" not in registry.MODELS


def test_a_class_is_found_by_its_path_too():
    wanted = OURS["MODELS"].get("FCN")
    assert mmengine.registry.MODELS.get("fcn_plugin.models.fcn.FCN") is wanted
    assert registry.MODELS.get("fcn_plugin.models.fcn.FCN") is wanted


def test_importing_the_package_imports_nothing_but_itself():
    program = "import sys; before = set(sys.modules); import {0}; print(*sorted(set(sys.modules) - before))"
    assert run(program.format("fcn_plugin")) == "fcn_plugin\n"
    heavy_of_mmengine, heavy_of_ours = (
        HEAVY & {module.split(".")[0] for module in run(program.format(package)).split()}
        for package in ("mmengine.registry", "fcn_plugin.registry")
    )
    assert heavy_of_ours == heavy_of_mmengine
    assert "torch" not in heavy_of_ours
