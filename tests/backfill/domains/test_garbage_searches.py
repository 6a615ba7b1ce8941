"""Searches for garbage in cycles are rare while flat rows come over, and as before afterwards."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from backfill.domains.flat.flat_table import FlatRow, FlatTable, Position, batches
from backfill.domains.flat.garbage_searches import NEW_OBJECTS_PER_SEARCH, rare_garbage_searches
from backfill.domains.flat.read_ahead import Requests
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill, legacy_file

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO users VALUES (1, 'a@example.org');"


def test_searches_are_as_before_after_a_block_and_after_an_error() -> None:
    before = gc.get_threshold()
    with rare_garbage_searches():
        assert gc.get_threshold() == (NEW_OBJECTS_PER_SEARCH, *before[1:])
    assert gc.get_threshold() == before
    with pytest.raises(ValueError, match="refused"), rare_garbage_searches():
        raise ValueError("refused")
    assert gc.get_threshold() == before


@pytest.mark.parametrize("inner_ends_first", [True, False])
def test_blocks_that_overlap_leave_searches_as_before(inner_ends_first: bool) -> None:
    before = gc.get_threshold()
    one, other = rare_garbage_searches(), rare_garbage_searches()
    for block in (one, other):
        block.__enter__()
    for block in (other, one) if inner_ends_first else (one, other):
        block.__exit__(None, None, None)
    assert gc.get_threshold() == before


def test_flat_rows_are_migrated_with_rare_searches(
    tmp_path: Path, ledger: UnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def noted(flat: FlatTable, position: Position, requests: Requests) -> Iterator[list[FlatRow]]:
        seen.append(gc.get_threshold()[0])
        return batches(flat, position, requests)

    monkeypatch.setattr("backfill.domains.flat.slices.batches", noted)
    FlatBackfill(legacy_file(tmp_path / "legacy.db", USERS), ledger).run("users")
    assert seen == [NEW_OBJECTS_PER_SEARCH]
