"""A process imports what it needs, without the garbage collector, which then runs again."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from workers.imports import without_garbage_collection

# Of a backfill, and of its mapping and reports: a third of what a worker would import.
UNNEEDED = ("backfill", "repos.legacy", "domain.formats.fdx", "cli", "ast_grep_py", "sqlglot", "alembic", "openai")
LOADED = "import sys, workers.celery_program, workers.tasks; print(*sys.modules)"


@pytest.fixture(autouse=True)
def collector_as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_the_collector_runs_again_and_leaves_alone_what_was_there():
    with without_garbage_collection():
        assert not gc.isenabled()
        kept = [[] for _ in range(1_000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= len(kept)


def test_the_collector_runs_again_after_an_import_that_fails():
    with pytest.raises(ModuleNotFoundError), without_garbage_collection():
        raise ModuleNotFoundError
    assert gc.isenabled()


def test_a_worker_loads_nothing_that_its_role_does_not_need():
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=60, check=True)
    loaded = done.stdout.split()
    assert "workers.tasks.backfill_item" in loaded
    assert [name for name in loaded if f"{name}.".startswith(tuple(f"{unneeded}." for unneeded in UNNEEDED))] == []
