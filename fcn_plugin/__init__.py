"""FCN, the feature catcher network for motion deblurring, as a plugin for MMEngine's registries.

Importing this package is cheap: components are imported by the registries (``fcn_plugin.registry``)
when one of them is first looked up, and `Deblurrer` when it is first asked for.
"""

TYPE_CHECKING = False  # type checkers know it by its name, and importing typing for it would cost more
if TYPE_CHECKING:
    from fcn_plugin.inference.deblurrer import Deblurrer

__version__ = "0.1.0"
__all__ = ["Deblurrer", "__version__"]


def __getattr__(name: str) -> object:
    if name == "Deblurrer":
        from fcn_plugin.inference.deblurrer import Deblurrer

        return Deblurrer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
