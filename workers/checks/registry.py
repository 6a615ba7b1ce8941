"""The registry of checks: every module in a folder of this package, named for what the checks there are given."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Literal

from workers.checks.finding import Check, Finding, Result, fault

Area = Literal["database", "file", "schema", "broker", "machine"]


@cache
def checks_of(area: Area) -> tuple[Check, ...]:
    """The checks of an area, by the names of their files."""
    folder = Path(__file__).parent / area
    names = sorted(module.name for module in iter_modules([str(folder)]))
    return tuple(import_module(f"workers.checks.{area}.{name}").CHECK for name in names)


def examine(area: Area, subject: object, *, at_start: bool = False) -> Iterator[Result]:
    """The results of the checks of an area; a check that fails itself is a fault that names it."""
    for check in checks_of(area):
        if check.at_start or not at_start:
            yield Result(area, check.title, _examined(check, subject, at_start=at_start))


def _examined(check: Check, subject: object, *, at_start: bool) -> Finding:
    try:
        found = check.examine(subject)
    except Exception as error:  # one check must not hide what the others find
        found = fault(
            f"This cannot be checked: {type(error).__name__}.", "Report this, with the versions of the servers."
        )
        return found._replace(level="warning") if at_start else found
    return found._replace(level="warning") if at_start and check.only_warns and found.level == "fault" else found
