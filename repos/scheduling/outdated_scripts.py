"""Outdated scripts: the scripts a materialization run has to process."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, bindparam, func, literal, or_, select

from repos.database.session import Session
from repos.database.statements import Row
from repos.schema.core_tables import script_commands, script_heads
from repos.schema.derived_tables import projection_heads


class OutdatedScript(NamedTuple):
    """A script, how many versions its projections are behind, and when the first missing version was recorded."""

    script_id: int
    versions: int
    since: int | None


class ProjectionLag(NamedTuple):
    """How many scripts in service have projections behind their heads, by how many versions at most, and since when.

    `since` is when the first missing version was recorded, in microseconds since 1970 UTC; None if none is missing.
    """

    scripts: int
    versions: int
    since: int | None

    @classmethod
    def of(cls, row: Row) -> ProjectionLag:
        """The lag that a row of `SELECT_LAG` holds."""
        scripts, versions, since = row
        return cls(scripts, int(versions or 0), since)

    def micros(self, now: int) -> int:
        """How long the first missing version has been missing."""
        return 0 if self.since is None else max(0, now - self.since)


_shown = func.coalesce(projection_heads.c.version_number, literal(0))
_lags = or_(_shown != script_heads.c.version_number, projection_heads.c.generation != script_heads.c.generation)
_is_quiet = and_(
    script_heads.c.keyframe_version < script_heads.c.version_number, script_heads.c.updated_at <= bindparam("before")
)
_first_missing = script_heads.outerjoin(
    projection_heads, projection_heads.c.script_id == script_heads.c.script_id
).outerjoin(
    script_commands,
    and_(
        script_commands.c.script_id == script_heads.c.script_id,
        script_commands.c.version_number == _shown + literal(1),
    ),
)
_is_served = and_(script_heads.c.version_number > literal(0), script_heads.c.health == "open")
SELECT_LAG = (
    select(func.count(), func.max(script_heads.c.version_number - _shown), func.min(script_commands.c.recorded_at))
    .select_from(_first_missing)
    .where(_is_served, _lags)
)
_DUE = (
    select(script_heads.c.script_id, script_heads.c.version_number - _shown, script_commands.c.recorded_at)
    .select_from(_first_missing)
    .where(_is_served, or_(_lags, _is_quiet))
    .order_by(func.coalesce(projection_heads.c.projected_at, literal(0)), script_heads.c.script_id)
    .limit(bindparam("limit"))
)
_FOLLOWING = (
    select(script_heads.c.script_id)
    .where(script_heads.c.script_id > bindparam("after"), _is_served)
    .order_by(script_heads.c.script_id)
    .limit(bindparam("limit"))
)


class OutdatedScripts:
    """The scripts whose projections lag, or that have not changed for a while and lack a keyframe at the head."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, *, quiet_before: int, limit: int) -> list[OutdatedScript]:
        """The scripts that are due, the least recently projected first."""
        return [OutdatedScript(*row) for row in self._session.rows(_DUE, before=quiet_before, limit=limit)]

    def lag(self) -> ProjectionLag:
        """How far readers are behind now: scripts that are quarantined or being backfilled are not counted."""
        return ProjectionLag.of(self._session.rows(SELECT_LAG)[0])

    def following(self, script_id: int, *, limit: int) -> list[int]:
        """The scripts in service after an id, by id, so that samples cover all scripts in turn."""
        return [row[0] for row in self._session.rows(_FOLLOWING, after=script_id, limit=limit)]
