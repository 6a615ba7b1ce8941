"""Table projection_heads: the version the projections of a script show, and the lock for updating them."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import mysql, sqlite

from repos.database.driver_errors import HeadLocked
from repos.database.session import Session
from repos.log.heads import Heads
from repos.log.keyframes import Keyframes
from repos.log.versions import Versions
from repos.projections.projected_elements import WritableThings
from repos.projections.projected_lines import WritableLines
from repos.schema.derived_tables import projection_heads


class ProjectionLocked(HeadLocked):
    """Another worker is updating the projections of this script."""


class ProjectionVersion(NamedTuple):
    """The version the projections of a script show, 0 for none; the time is microseconds since 1970 UTC."""

    version: int
    generation: int
    projected_at: int


_VALUES: dict[str, Any] = {
    "script_id": bindparam("script"),
    "version_number": 0,
    "generation": 0,
    "projected_at": 0,
}
_GET = select(projection_heads.c.version_number, projection_heads.c.generation, projection_heads.c.projected_at).where(
    projection_heads.c.script_id == bindparam("script")
)
_LOCK = _GET.with_for_update(skip_locked=True)
_LOCK_WAITING = _GET.with_for_update()
_CREATE_MYSQL = (
    mysql.insert(projection_heads).values(**_VALUES).on_duplicate_key_update(script_id=projection_heads.c.script_id)
)
_CREATE_SQLITE = sqlite.insert(projection_heads).values(**_VALUES).on_conflict_do_nothing()
_SHOW = (
    update(projection_heads)
    .where(projection_heads.c.script_id == bindparam("script"))
    .values(version_number=bindparam("version"), generation=bindparam("made_by"), projected_at=bindparam("now"))
)


class Projections:
    """The versions the projections of every script show, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, script_id: int) -> ProjectionVersion | None:
        """The version the projections of a script show; None if there are no projections yet."""
        rows = self._session.rows(_GET, script=script_id)
        return ProjectionVersion(*rows[0]) if rows and rows[0][0] else None


class LockedProjection(Projections):
    """The version the projections of one script show, locked."""

    def start(self, script_id: int) -> ProjectionVersion:
        """Begin, and lock the projections of a script.

        Raises:
            ProjectionLocked: another worker holds them.
        """
        rows = self._session.start(_LOCK, script=script_id)
        if rows:
            return ProjectionVersion(*rows[0])
        if self._session.rows(_GET, script=script_id):
            raise ProjectionLocked(f"another worker projects script {script_id}")
        self._session.run(_CREATE_SQLITE if self._session.is_sqlite else _CREATE_MYSQL, script=script_id)
        # Of two concurrent inserts the second waits for the first, and then reads the first worker's row.
        return ProjectionVersion(*self._session.rows(_LOCK_WAITING, script=script_id)[0])

    def show(self, script_id: int, shown: ProjectionVersion) -> None:
        """Set the version the projections show once this is committed."""
        version, generation, now = shown
        self._session.later(_SHOW, rows=1, script=script_id, version=version, made_by=generation, now=now)


class ProjectionWork:
    """Work on the projections of one script. `shown` is the version they show when the block begins."""

    def __init__(self, session: Session, script_id: int) -> None:
        self.script_id = script_id
        self.heads = Heads(session)
        self.versions = Versions(session)
        self.keyframes = Keyframes(session)
        self.lines = WritableLines(session)
        self.things = WritableThings(session)
        self.projections = LockedProjection(session)
        self.shown = self.projections.start(script_id)
