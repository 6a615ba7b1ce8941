"""Every kind of command there is: importing this reads each file of `domain.commands.kinds`, which fills the registry."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from domain.commands import kinds
from domain.commands.base import KINDS

__all__ = ["KINDS"]

for _module in iter_modules(kinds.__path__):
    import_module(f"{kinds.__name__}.{_module.name}")
