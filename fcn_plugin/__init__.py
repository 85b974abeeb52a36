"""FCN, the feature catcher network for motion deblurring, as a plugin for MMEngine's registries.

Importing this package is cheap: components are imported by the registries (``fcn_plugin.registry``)
when one of them is first looked up.
"""

__version__ = "0.1.0"
