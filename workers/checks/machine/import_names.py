"""Whether Python would import something else by the names of our packages: from this folder, or from PYTHONPATH."""

from __future__ import annotations

import os
from importlib.machinery import PathFinder
from pathlib import Path

from workers.checks.finding import Check, Finding, fine, warning
from workers.settings import Settings

OUR_NAMES = ("backfill", "celeryconfig", "cli", "domain", "gates", "materialization", "repos", "workers")
_ROOT = Path(__file__).parents[3]


def _examine(_settings: Settings) -> Finding:
    places = [
        Path.cwd(),
        *(Path(name).absolute() for name in os.environ.get("PYTHONPATH", "").split(os.pathsep) if name),
    ]
    for place in places:
        if place.resolve() == _ROOT:
            continue
        if names := [name for name in OUR_NAMES if PathFinder.find_spec(name, [str(place)]) is not None]:
            return warning(
                f"{place} holds {', '.join(names)}, which Python imports instead of ours when it starts there.",
                "Start programs that use scriptledger in another folder, or with `python -P`; its own commands leave "
                "the working directory out.",
            )
    return fine("No name here hides a package of ours.")


CHECK = Check("import_names", _examine, at_start=True)
