"""Flat tables of each sample and of each schema with seeded defects: every row is counted once, and proved."""

from __future__ import annotations

from pathlib import Path

import pytest

from backfill.domains.base import Counts
from backfill.samples import GENERATIONS, make_sample_file
from repos.legacy.rows import count_rows
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill
from tests.legacy.clean_rows import Size
from tests.legacy.database import in_file
from tests.legacy.schemas import SCHEMAS

FLAT = ("users", "sessions", "chat")


def check(backfill: FlatBackfill) -> dict[str, Counts]:
    """Bring the flat tables over; every row is migrated, merged, quarantined or skipped, and the proof agrees."""
    counts = backfill.run(*FLAT)
    with backfill.context() as context:
        tables = context.tables_for("users", "sessions", "chat_messages")
        assert {name: each.rows for name, each in counts.items() if each.rows} == {
            table.name: rows for table in tables if (rows := count_rows(context.source, table.table))
        }
    assert backfill.differences(*FLAT) == []
    aside = sum(count.quarantined for count in counts.values())
    assert aside == len(backfill.quarantined())
    assert backfill.run(*FLAT) == counts
    return counts


@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_sample_comes_over(tmp_path: Path, ledger: UnitOfWork, generation: int) -> None:
    make_sample_file(tmp_path / "legacy.db", generation)

    counts = check(FlatBackfill(f"sqlite:///{tmp_path / 'legacy.db'}", ledger))

    assert counts


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_schema_with_defects_comes_over(tmp_path: Path, ledger: UnitOfWork, schema: str) -> None:
    legacy = in_file(tmp_path / "legacy.db", schema, Size(12))

    check(FlatBackfill(legacy.url, ledger))
