"""Celery's settings as a module, found by their place: `celeryconfig` is the name of every application's settings.

They are the file celeryconfig.py of the repository. A wheel has it next to this file, because next to the packages it
would become the settings of every Celery application of the environment that has none.
"""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

_NAME = "celeryconfig.py"


def _load() -> ModuleType:
    here = Path(__file__)
    in_wheel, in_repository = here.with_name(_NAME), here.parents[1] / _NAME
    loader = SourceFileLoader("workers.celeryconfig", str(in_wheel if in_wheel.exists() else in_repository))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None  # noqa: S101 - there is a loader
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


celery_settings = _load()
