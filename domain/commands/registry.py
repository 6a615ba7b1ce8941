"""The registry of command kinds: importing it imports every file of `domain.commands.kinds`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from domain.commands import kinds
from domain.commands.base import KINDS

__all__ = ["KINDS"]

for _module in iter_modules(kinds.__path__):
    import_module(f"{kinds.__name__}.{_module.name}")
