"""Every command kind, one file each: a file placed here is a kind the whole application knows."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
