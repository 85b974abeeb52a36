"""Child registries of MMEngine's, all in the scope ``fcn_plugin``.

Each one names the package that fills it (``locations``), so that ``dict(type='fcn_plugin.FCN')`` builds
from any default scope without ``custom_imports``. MMEngine looks a scope up by importing
``<scope>.registry``, which is why this module has this name.

Registries without a component of ours exist all the same: under ``default_scope='fcn_plugin'`` MMEngine
warns about every root registry that has no child of that scope.
"""

from collections.abc import Iterator
from typing import Any

from mmengine import registry as mmengine_registry
from mmengine.registry import DefaultScope, Registry, build_from_cfg

from fcn_plugin.errors import did_you_mean

SCOPE = "fcn_plugin"


class ForgivingRegistry(Registry):
    """MMEngine's registry, whose error for an unknown name adds the nearest one it knows."""

    def get(self, key: str) -> Any:
        """What is registered as ``key``; ``None`` for an unknown name, of which MMEngine then says so.

        Where a name here or in the parents is near, raises that ``KeyError`` of MMEngine's itself, with the
        name: a registry of another scope that is building asks this one by this method alone.
        """
        found = super().get(key)
        scope, name = self.split_scope_key(key)
        if found is None and scope in (None, self.scope):
            hint = did_you_mean(name, self._names())
            if hint:
                # MMEngine words it where it builds, so a registry of this name that knows nothing is asked.
                with DefaultScope.overwrite_default_scope(self.scope):
                    try:
                        build_from_cfg({"type": key}, Registry(self.name, scope=self.scope))
                    except KeyError as error:
                        raise KeyError(f"{error.args[0]}{hint}") from None
        return found

    def __contains__(self, key: str) -> bool:
        try:
            return super().__contains__(key)
        except KeyError:
            return False

    def _names(self) -> Iterator[str]:
        registry: Registry | None = self
        while registry is not None:
            yield from registry.module_dict
            registry = registry.parent


def _child(parent_name: str, *locations: str) -> Registry:
    parent = getattr(mmengine_registry, parent_name)
    return ForgivingRegistry(parent.name, parent=parent, scope=SCOPE, locations=list(locations))


# Filled by this package.
MODELS = _child("MODELS", "fcn_plugin.models")
DATASETS = _child("DATASETS", "fcn_plugin.datasets")
TRANSFORMS = _child("TRANSFORMS", "fcn_plugin.datasets.transforms")
METRICS = _child("METRICS", "fcn_plugin.evaluation")
TASK_UTILS = _child("TASK_UTILS", "fcn_plugin.datasets")
HOOKS = _child("HOOKS", "fcn_plugin.engine")
LOOPS = _child("LOOPS", "fcn_plugin.engine")
OPTIM_WRAPPERS = _child("OPTIM_WRAPPERS", "fcn_plugin.engine")
FUNCTIONS = _child("FUNCTIONS", "fcn_plugin.datasets", "fcn_plugin.engine")

# MMEngine's own components, reachable under this scope.
RUNNERS = _child("RUNNERS")
RUNNER_CONSTRUCTORS = _child("RUNNER_CONSTRUCTORS")
STRATEGIES = _child("STRATEGIES")
DATA_SAMPLERS = _child("DATA_SAMPLERS")
MODEL_WRAPPERS = _child("MODEL_WRAPPERS")
WEIGHT_INITIALIZERS = _child("WEIGHT_INITIALIZERS")
OPTIMIZERS = _child("OPTIMIZERS")
OPTIM_WRAPPER_CONSTRUCTORS = _child("OPTIM_WRAPPER_CONSTRUCTORS")
PARAM_SCHEDULERS = _child("PARAM_SCHEDULERS")
EVALUATOR = _child("EVALUATOR")
VISUALIZERS = _child("VISUALIZERS")
VISBACKENDS = _child("VISBACKENDS")
LOG_PROCESSORS = _child("LOG_PROCESSORS")
INFERENCERS = _child("INFERENCERS")
