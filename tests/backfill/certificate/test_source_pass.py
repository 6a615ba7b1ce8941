"""The source is read in segments of many rows, of which few are in memory at a time."""

from __future__ import annotations

import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from backfill.certificate.problems import Problems
from backfill.certificate.source_pass import read_table
from tests.backfill.runs.backfill_setup import Backfill
from tests.materialization.writer import Clock

ROWS, CHARACTERS = 60, 500_000


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A legacy file with thirty megabytes of text."""
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)")
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO notes SELECT i, hex(zeroblob(?)) || i FROM n",
            (ROWS, CHARACTERS // 2),
        )
        connection.commit()
    return tmp_path


def test_a_segment_of_large_rows_is_not_held_in_memory(large: Path, backfill: Backfill) -> None:
    other = Backfill(large, backfill.unit_of_work, Clock())
    advanced: list[int] = []
    with other.context() as context:
        tracemalloc.start()
        try:
            read = read_table(context, context.tables["notes"], Problems(context.hash_key), advanced.append)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert (read.rows, sum(advanced), [(each.first, each.last) for each in read.segments]) == (60, 60, [("1", "60")])
    assert peak < ROWS * CHARACTERS // 2
