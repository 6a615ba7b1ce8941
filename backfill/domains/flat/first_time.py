"""The first time in a table: what its first rows get that have none of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from backfill.translate.source_rows import FieldReader
from repos.legacy.connection import Source
from repos.legacy.rows import LegacyRow, read_pages


def first_time(source: Source, reader: FieldReader, page: Sequence[LegacyRow]) -> int | None:
    """The first `created_at` of a table that begins with this page; without one there, the table is read again."""
    if reader.table.column("created_at") is None:
        return None
    read: Any = reader.moment("created_at")
    times = (read(row.values)[0] for rows in chain([page], _pages(source, reader)) for row in rows)
    return next((at for at in times if at is not None), None)


def _pages(source: Source, reader: FieldReader) -> Iterator[list[LegacyRow]]:
    # Nothing is read until it is needed.
    yield from read_pages(source, reader.table.table, reader.columns)
