"""The registry of checks: importing it imports every file of this folder."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from backfill import checks
from backfill.checks.base import CHECKS as _BY_CODE

for _module in iter_modules(checks.__path__):
    if _module.name != "registry":
        import_module(f"{checks.__name__}.{_module.name}")

CHECKS = dict(sorted(_BY_CODE.items()))
