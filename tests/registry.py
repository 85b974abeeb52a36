"""Another toolbox, as far as registries go: a child of each of MMEngine's, in the scope ``tests``."""

from mmengine import registry
from mmengine.registry import Registry

CHILDREN = [
    Registry(root.name, parent=root, scope="tests", locations=["tests"])
    for root in vars(registry).values()
    if isinstance(root, Registry)
]
