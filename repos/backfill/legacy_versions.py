"""Table legacy_versions: the version of ours that each legacy save of a script became."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from repos.database.session import Session
from repos.schema.backfill_tables import legacy_versions


class LegacyVersion(NamedTuple):
    """A save: its row, its number there, our version after it, and when it was saved (microseconds since 1970 UTC).

    `raw` are its bytes, compressed with zstd, if they cannot be had back from the lines.
    """

    source_table: str
    source_key: str
    number: int | None
    version_number: int
    saved_at: int
    raw: bytes | None = None


_COLUMNS = ("script_id", *LegacyVersion._fields)
_FIELDS = tuple(legacy_versions.c[name] for name in LegacyVersion._fields)
_OF_SCRIPT = legacy_versions.c.script_id == bindparam("script")
_READ = (
    select(legacy_versions.c.id, *_FIELDS)
    .where(_OF_SCRIPT, legacy_versions.c.id > bindparam("after"))
    .order_by(legacy_versions.c.id)
    .limit(bindparam("limit"))
)
_LAST = select(*_FIELDS).where(_OF_SCRIPT).order_by(legacy_versions.c.id.desc()).limit(bindparam("limit"))
_COUNT = select(func.count()).select_from(legacy_versions).where(_OF_SCRIPT)


class LegacyVersions:
    """The legacy saves of all scripts, in the order they were migrated."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, script_id: int, saves: Sequence[LegacyVersion]) -> None:
        """Store saves, with the commit; one that is there already ends it with `DuplicateKey`."""
        self._session.later_insert(legacy_versions, _COLUMNS, [(script_id, *save) for save in saves])

    def read(self, script_id: int, *, after: int = 0, limit: int = 1_000) -> list[tuple[int, LegacyVersion]]:
        """The saves of a script after an id, each with its id."""
        rows = self._session.rows(_READ, script=script_id, after=after, limit=limit)
        return [(row[0], LegacyVersion(*row[1:])) for row in rows]

    def last(self, script_id: int) -> LegacyVersion | None:
        """The last migrated save of a script."""
        rows = self._session.rows(_LAST, script=script_id, limit=1)
        return LegacyVersion(*rows[0]) if rows else None

    def count(self, script_id: int) -> int:
        """How many saves of a script were migrated."""
        return int(self._session.rows(_COUNT, script=script_id)[0][0])
