"""Table rebuilds: versions and keyframes of a script derived again under a new generation, and the progress."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sqlalchemy import and_, bindparam, delete, insert, literal, select, update

from repos.database.driver_errors import HeadLocked
from repos.database.session import Session
from repos.log.commands import Commands
from repos.log.heads import Heads
from repos.log.keyframes import KeyframeUpkeep, WritableKeyframes
from repos.log.versions import WritableVersions
from repos.schema.core_tables import script_heads, script_keyframes, script_versions
from repos.schema.derived_tables import rebuilds

RebuildState = Literal["running", "active", "differs"]


class RebuildLocked(HeadLocked):
    """Another worker rebuilds this script."""


class RebuildRow(NamedTuple):
    """A rebuild: derived up to `version`, whose chain hash in the log is given; times are microseconds since 1970 UTC.

    `differences` counts the versions whose state hash differs from the old generation's.
    """

    script_id: int
    generation: int
    state: RebuildState
    version: int
    chain_hash: bytes
    differences: int
    first_difference: int | None
    started_at: int
    finished_at: int | None


_THIS = (rebuilds.c.script_id == bindparam("script"), rebuilds.c.generation == bindparam("made"))
_LAST = (
    select(*rebuilds.c)
    .where(rebuilds.c.script_id == bindparam("script"))
    .order_by(rebuilds.c.generation.desc())
    .limit(bindparam("limit"))
)
_LOCK = select(*rebuilds.c).where(*_THIS).with_for_update(skip_locked=True)
_OPEN = insert(rebuilds).values(
    script_id=bindparam("script"),
    generation=bindparam("made"),
    state="running",
    version_number=0,
    chain_hash=bindparam("genesis"),
    differences=0,
    started_at=bindparam("now"),
)
_MOVE = (
    update(rebuilds)
    .where(*_THIS)
    .values(
        state=bindparam("now_is"),
        version_number=bindparam("version"),
        chain_hash=bindparam("chain"),
        differences=bindparam("differ"),
        first_difference=bindparam("first"),
        finished_at=bindparam("at"),
    )
)


_ACTIVE_SINCE = select(rebuilds.c.script_id).where(
    rebuilds.c.state == "active", rebuilds.c.finished_at >= bindparam("at")
)
# The first version of a generation is removed last, so it exists as long as any part of the generation does.
_UNREFERENCED = (
    select(rebuilds.c.script_id)
    .distinct()
    .select_from(
        rebuilds.join(script_heads, script_heads.c.script_id == rebuilds.c.script_id).join(
            script_versions,
            and_(
                script_versions.c.script_id == rebuilds.c.script_id,
                script_versions.c.version_number == literal(1),
                script_versions.c.generation != script_heads.c.generation,
            ),
        )
    )
    .where(rebuilds.c.finished_at < bindparam("before"), script_heads.c.health != "quarantined")
    .order_by(rebuilds.c.script_id)
    .limit(bindparam("limit"))
)


class Rebuilds:
    """The rebuilds of every script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, script_id: int, *, limit: int = 20) -> list[RebuildRow]:
        """The rebuilds of a script, the latest first."""
        return [RebuildRow(*row) for row in self._session.rows(_LAST, script=script_id, limit=limit)]

    def active_since(self, moment: int) -> set[int]:
        """The scripts of which a rebuild was made active since a time."""
        return {row[0] for row in self._session.rows(_ACTIVE_SINCE, at=moment)}

    def left_behind(self, *, before: int, limit: int) -> list[int]:
        """The scripts in service with generations no head refers to, from rebuilds that ended before a time."""
        return [row[0] for row in self._session.rows(_UNREFERENCED, before=before, limit=limit)]

    def open(self, script_id: int, generation: int, genesis: bytes, now: int) -> None:
        """Begin a rebuild. Raises DuplicateKey if another worker has just begun it."""
        self._session.run(_OPEN, script=script_id, made=generation, genesis=genesis, now=now)

    def move(self, row: RebuildRow) -> None:
        """Update the progress of a rebuild, with the commit."""
        self._session.later(
            _MOVE,
            rows=1,
            script=row.script_id,
            made=row.generation,
            now_is=row.state,
            version=row.version,
            chain=row.chain_hash,
            differ=row.differences,
            first=row.first_difference,
            at=row.finished_at,
        )


class RebuildWork:
    """Work on one rebuild, whose row is locked: it writes a generation that no head refers to yet."""

    def __init__(self, session: Session, script_id: int, generation: int) -> None:
        self.script_id = script_id
        self.heads = Heads(session)
        self.commands = Commands(session)
        self.versions = WritableVersions(session)
        self.keyframes = WritableKeyframes(session)
        self.keyframe_upkeep = KeyframeUpkeep(session)
        self.rebuilds = Rebuilds(session)
        rows = session.start(_LOCK, script=script_id, made=generation)
        if not rows:
            raise RebuildLocked(f"another worker rebuilds script {script_id}")
        self.row = RebuildRow(*rows[0])


_FOUND = select(script_versions.c.generation).where(
    script_versions.c.script_id == bindparam("script"), script_versions.c.version_number == literal(1)
)


_REMOVE = [
    delete(table).where(
        table.c.script_id == bindparam("script"),
        table.c.generation == bindparam("old"),
        table.c.version_number > bindparam("after"),
        table.c.version_number <= bindparam("upto"),
    )
    for table in (script_keyframes, script_versions)
]


class Generations:
    """The generations of every script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def found(self, script_id: int) -> list[int]:
        """The existing generations of a script: each has a first version, which is removed last."""
        return sorted(row[0] for row in self._session.rows(_FOUND, script=script_id))

    def remove(self, script_id: int, generation: int, *, after: int, upto: int) -> None:
        """Remove a range of versions of one generation, and its keyframes."""
        for statement in _REMOVE:
            self._session.run(statement, script=script_id, old=generation, after=after, upto=upto)
