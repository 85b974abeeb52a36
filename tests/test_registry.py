"""Every registered component is found from a foreign default scope, and the registries keep their manners."""

import subprocess
import sys

import mmengine.registry
import pytest
from mmengine.registry import DefaultScope, Registry

from fcn_plugin import registry

OURS = {name: value for name, value in vars(registry).items() if isinstance(value, Registry)}
FILLED = [name for name, child in OURS.items() if child._locations]


def registered():
    for name in FILLED:
        OURS[name].import_from_location()
        for component in OURS[name].module_dict:
            yield name, component


def test_every_root_registry_has_a_child_of_ours():
    roots = {name for name, value in vars(mmengine.registry).items() if isinstance(value, Registry)}
    assert roots == set(OURS)
    for name, child in OURS.items():
        assert child.scope == "fcn_plugin"
        assert child.parent is getattr(mmengine.registry, name)


def test_something_is_registered_everywhere_we_say():
    assert {name for name, _ in registered()} == set(FILLED)


@pytest.mark.parametrize(("name", "component"), list(registered()))
def test_a_component_is_found_from_a_foreign_scope(name, component):
    root = getattr(mmengine.registry, name)
    with DefaultScope.overwrite_default_scope("mmengine"):
        assert root.get(f"fcn_plugin.{component}") is OURS[name].module_dict[component]


def test_a_fresh_process_needs_no_imports_and_prints_no_warning():
    program = (
        "from mmengine.registry import MODELS, DATASETS, HOOKS, METRICS, TRANSFORMS, DefaultScope\n"
        "MODELS.build(dict(type='fcn_plugin.FCN', width=2, pyramid_widths=(2, 2, 2)))\n"
        "for registry, name in ((DATASETS, 'GoProDataset'), (HOOKS, 'BestCheckpointHook'),\n"
        "                       (METRICS, 'PSNR'), (TRANSFORMS, 'PackPair')):\n"
        "    assert registry.get('fcn_plugin.' + name) is not None, name\n"
        "with DefaultScope.overwrite_default_scope('fcn_plugin'):\n"
        "    MODELS.build(dict(type='FCN', width=2, pyramid_widths=(2, 2, 2)))\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == ""
    assert result.stderr == ""


def test_importing_the_package_imports_nothing_heavy():
    program = (
        "import sys, fcn_plugin\n"
        "print([name for name in ('torch', 'mmengine', 'cv2', 'numpy') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
