"""Table legacy_rows: legacy rows, or columns of them, kept as JSON by their table and key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select, update

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
# Keys asked for in one statement.
KEYS_PER_QUERY = 500
_CHANGE = (
    update(legacy_rows)
    .where(legacy_rows.c.source_table == bindparam("source"), legacy_rows.c.key_sha256 == bindparam("digest"))
    .values(content=bindparam("now_has"), kept_at=bindparam("now"))
)


# The values of repaired columns are kept next to the rows, under keys that are longer by one.
_COUNT = (
    select(func.count())
    .select_from(legacy_rows)
    .where(legacy_rows.c.source_table == bindparam("source"), legacy_rows.c.source_key.not_like('%,"repaired"]'))
)


@cache
def _find(size: int) -> Select[Any]:
    """Asks for as many keys; padded to a power of two, so that few statements are built."""
    wanted: list[Any] = [bindparam(f"key_{place}") for place in range(size)]
    return select(legacy_rows.c.key_sha256, legacy_rows.c.content).where(
        legacy_rows.c.source_table == bindparam("source"), legacy_rows.c.key_sha256.in_(wanted)
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
        """Store keys and contents, with the commit; a key that is there already ends it with `DuplicateKey`.

        Raises:
            TooLargeForDatabase: a row does not fit into a statement.
        """
        for _, content in rows:
            self._session.require_room("legacy row", len(content.encode()))
        self._session.later_insert(
            legacy_rows,
            _COLUMNS,
            [(source_table, key, sha256(key.encode()).digest(), content, kept_at) for key, content in rows],
        )

    def change(self, source_table: str, key: str, content: str, kept_at: int) -> None:
        """Store another content of a kept row, with the commit."""
        self._session.require_room("legacy row", len(content.encode()))
        digest = sha256(key.encode()).digest()
        self._session.later(_CHANGE, rows=1, source=source_table, digest=digest, now_has=content, now=kept_at)

    def count(self, source_table: str) -> int:
        """How many rows of a table are kept."""
        return int(self._session.rows(_COUNT, source=source_table)[0][0])

    def find(self, source_table: str, keys: Sequence[str]) -> dict[str, str]:
        """The contents of those of the keys that are kept."""
        by_digest = {sha256(key.encode()).digest(): key for key in keys}
        digests = list(by_digest)
        found: dict[str, str] = {}
        for start in range(0, len(digests), KEYS_PER_QUERY):
            part = digests[start : start + KEYS_PER_QUERY]
            part += part[-1:] * ((1 << (len(part) - 1).bit_length()) - len(part))
            params = {f"key_{place}": digest for place, digest in enumerate(part)}
            for digest, content in self._session.rows(_find(len(part)), source=source_table, **params):
                found[by_digest[bytes(digest)]] = content
        return found

    def get(self, source_table: str, key: str) -> str | None:
        """The content of one row; None if it is not kept."""
        digest = sha256(key.encode()).digest()
        rows = self._session.rows(_FIND, source_table=source_table, key_sha256=digest)
        return rows[0][0] if rows else None

    def read(self, source_table: str, *, after: int = 0, limit: int = 1_000) -> list[KeptRow]:
        """The rows of a table after an id, in the order they were kept."""
        rows = self._session.rows(_READ, source_table=source_table, after=after, limit=limit)
        return [KeptRow(*row) for row in rows]
