"""Every kind of command there is: importing this reads each file of `domain.commands`, which fills the registry."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from domain import commands
from domain.command import KINDS

__all__ = ["KINDS"]

for _module in iter_modules(commands.__path__):
    import_module(f"{commands.__name__}.{_module.name}")
