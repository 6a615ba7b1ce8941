"""script_keyframes, when they have become more than anybody needs."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, literal, select

from repos.database.session import Session
from repos.schema.core_tables import script_keyframes, script_versions


class KeyframeSize(NamedTuple):
    """Where a keyframe stands, and its bytes."""

    version: int
    size: int


_frames, _versions = script_keyframes, script_versions
_LAST = (
    select(_frames.c.version_number, func.length(_frames.c.state))
    .where(_frames.c.script_id == bindparam("script"), _frames.c.generation == bindparam("generation"))
    .order_by(_frames.c.version_number.desc())
    .limit(bindparam("most"))
)
_DELTA_BYTES = select(func.coalesce(func.sum(func.length(_versions.c.delta)), literal(0))).where(
    _versions.c.script_id == bindparam("script"),
    _versions.c.generation == bindparam("generation"),
    _versions.c.version_number > bindparam("after"),
    _versions.c.version_number <= bindparam("upto"),
)
_REMOVE = delete(_frames).where(
    _frames.c.script_id == bindparam("script"),
    _frames.c.generation == bindparam("generation"),
    _frames.c.version_number == bindparam("version"),
)


class KeyframeUpkeep:
    """The keyframes of the locked script, to be thinned out."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def last(self, script_id: int, *, generation: int, most: int) -> list[KeyframeSize]:
        """The last keyframes of a script, in order."""
        found = self._session.rows(_LAST, script=script_id, generation=generation, most=most)
        return [KeyframeSize(*row) for row in reversed(found)]

    def delta_bytes(self, script_id: int, *, generation: int, after: int, upto: int) -> int:
        """How many bytes of deltas lead from one version to another."""
        found = self._session.rows(_DELTA_BYTES, script=script_id, generation=generation, after=after, upto=upto)
        return int(found[0][0])

    def remove(self, script_id: int, *, generation: int, version: int) -> None:
        """Take a keyframe out."""
        self._session.later(_REMOVE, rows=1, script=script_id, generation=generation, version=version)
