"""Every task, one file each: a file placed here is a task the workers know. A task is a doorway."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
