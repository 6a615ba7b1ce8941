"""Table legacy_rows: legacy rows, or columns of them, kept as JSON by their table and key."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import bindparam, select

from repos.database.session import Session
from repos.schema.backfill_tables import legacy_rows

_COLUMNS = ("source_table", "source_key", "key_sha256", "content", "kept_at")
_READ = (
    select(legacy_rows.c.id, legacy_rows.c.source_key, legacy_rows.c.content, legacy_rows.c.kept_at)
    .where(legacy_rows.c.source_table == bindparam("source_table"), legacy_rows.c.id > bindparam("after"))
    .order_by(legacy_rows.c.id)
    .limit(bindparam("limit"))
)
_FIND = select(legacy_rows.c.content).where(
    legacy_rows.c.source_table == bindparam("source_table"), legacy_rows.c.key_sha256 == bindparam("key_sha256")
)


class KeptRow(NamedTuple):
    """One row: its key, a JSON list, and its columns, a JSON object."""

    id: int
    key: str
    content: str
    kept_at: int


class LegacyRows:
    """The kept rows of all legacy tables."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keep(self, source_table: str, rows: Sequence[tuple[str, str]], kept_at: int) -> None:
        """Store keys and contents, with the commit; a key that is there already ends it with `DuplicateKey`."""
        self._session.later_insert(
            legacy_rows,
            _COLUMNS,
            [(source_table, key, sha256(key.encode()).digest(), content, kept_at) for key, content in rows],
        )

    def get(self, source_table: str, key: str) -> str | None:
        """The content of one row; None if it is not kept."""
        digest = sha256(key.encode()).digest()
        rows = self._session.rows(_FIND, source_table=source_table, key_sha256=digest)
        return rows[0][0] if rows else None

    def read(self, source_table: str, *, after: int = 0, limit: int = 1_000) -> list[KeptRow]:
        """The rows of a table after an id, in the order they were kept."""
        rows = self._session.rows(_READ, source_table=source_table, after=after, limit=limit)
        return [KeptRow(*row) for row in rows]
