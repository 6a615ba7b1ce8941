"""The registry of command kinds: importing it imports every file of `kinds` and `whole_script`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from domain.commands import kinds, whole_script
from domain.commands.base import KINDS

__all__ = ["KINDS"]

for _folder in (kinds, whole_script):
    for _module in iter_modules(_folder.__path__):
        import_module(f"{_folder.__name__}.{_module.name}")
