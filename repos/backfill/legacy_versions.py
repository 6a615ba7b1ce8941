"""Table legacy_versions: the version of ours that each legacy save of a script became."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BindParameter, bindparam, delete, func, or_, select

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


# Of a save among those of its script: its version, and the id of its row.
Place = tuple[int, int]
START: Place = (0, 0)


class ListedVersion(NamedTuple):
    """A save as a list shows it: its place, the save without its bytes, and whether it has some."""

    place: Place
    save: LegacyVersion
    has_bytes: bool


_COLUMNS = ("script_id", *LegacyVersion._fields)
_FIELDS = tuple(legacy_versions.c[name] for name in LegacyVersion._fields)
_OF_SCRIPT = legacy_versions.c.script_id == bindparam("script")
_AFTER: BindParameter[int] = bindparam("version")
_AFTER_ID: BindParameter[int] = bindparam("after")
_VERSION, _ID = legacy_versions.c.version_number, legacy_versions.c.id
# In the order of the index on script and version: by the id alone, each page would sort all saves of the script.
_READ = (
    select(_ID, *_FIELDS)
    .where(_OF_SCRIPT, _VERSION >= _AFTER, or_(_VERSION > _AFTER, _ID > _AFTER_ID))
    .order_by(_VERSION, _ID)
    .limit(bindparam("limit"))
)
_WITHOUT_BYTES = _READ.with_only_columns(_ID, *_FIELDS[:-1], legacy_versions.c.raw.is_not(None))
_LAST = select(*_FIELDS).where(_OF_SCRIPT).order_by(_VERSION.desc(), _ID.desc()).limit(bindparam("limit"))
_OF_ROW = (
    _OF_SCRIPT,
    legacy_versions.c.source_table == bindparam("source"),
    legacy_versions.c.source_key == bindparam("key"),
)
_GET = select(*_FIELDS).where(*_OF_ROW)
_REMOVE = delete(legacy_versions).where(*_OF_ROW)
_COUNT = select(func.count()).select_from(legacy_versions).where(_OF_SCRIPT)


class LegacyVersions:
    """The legacy saves of all scripts, in the order they were migrated."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, script_id: int, saves: Sequence[LegacyVersion]) -> None:
        """Store saves, with the commit; one that is there already ends it with `DuplicateKey`."""
        self._session.later_insert(legacy_versions, _COLUMNS, [(script_id, *save) for save in saves])

    def of_row(self, script_id: int, source_table: str, source_key: str) -> LegacyVersion | None:
        """The save of a script that a row was migrated as; None if it was not."""
        rows = self._session.rows(_GET, script=script_id, source=source_table, key=source_key)
        return LegacyVersion(*rows[0]) if rows else None

    def remove(self, script_id: int, source_table: str, source_key: str) -> None:
        """Remove the save of a row at once, so that another one of the row can be added after all others."""
        self._session.run(_REMOVE, script=script_id, source=source_table, key=source_key)

    def read(self, script_id: int, *, after: Place = START, limit: int = 1_000) -> list[tuple[Place, LegacyVersion]]:
        """The saves of a script after a place, each with its place."""
        version, row_id = after
        rows = self._session.rows(_READ, script=script_id, version=version, after=row_id, limit=limit)
        saves = ((row[0], LegacyVersion(*row[1:])) for row in rows)
        return [((save.version_number, row_id), save) for row_id, save in saves]

    def read_without_bytes(self, script_id: int, *, after: Place = START, limit: int) -> list[ListedVersion]:
        """The same without their bytes, which may be large: the rows say whether there are some."""
        version, row_id = after
        rows = self._session.rows(_WITHOUT_BYTES, script=script_id, version=version, after=row_id, limit=limit)
        return [
            ListedVersion((version, row_id), LegacyVersion(table, key, number, version, at), bool(has_bytes))
            for row_id, table, key, number, version, at, has_bytes in rows
        ]

    def last(self, script_id: int) -> LegacyVersion | None:
        """The last migrated save of a script."""
        rows = self._session.rows(_LAST, script=script_id, limit=1)
        return LegacyVersion(*rows[0]) if rows else None

    def count(self, script_id: int) -> int:
        """How many saves of a script were migrated."""
        return int(self._session.rows(_COUNT, script=script_id)[0][0])
