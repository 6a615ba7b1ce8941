"""The tasks, one file each, registered by their place in this folder. A task only calls a use case."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
