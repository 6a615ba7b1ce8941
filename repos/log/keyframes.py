"""Table script_keyframes: complete states, which bound the number of deltas read for a version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, literal, select

from domain.log.version import KeyframeRow
from repos.database.session import Session
from repos.schema.core_tables import script_keyframes, script_versions


class FoundKeyframe(NamedTuple):
    """A keyframe, with the state hash stored for its version; None if that version is missing."""

    version: int
    state: bytes
    state_hash: bytes
    version_hash: bytes | None


_COLUMNS = ("script_id", "version_number", "generation", "state", "state_hash")


def _last(generation: ColumnElement[int]) -> Select[Any]:
    return (
        select(script_keyframes.c.version_number, script_keyframes.c.state, script_keyframes.c.state_hash)
        .where(
            script_keyframes.c.script_id == bindparam("script"),
            script_keyframes.c.version_number <= bindparam("upto"),
            script_keyframes.c.generation == generation,
        )
        .order_by(script_keyframes.c.version_number.desc())
        .limit(1)
    )


def last_with_hash(generation: ColumnElement[int]) -> Select[Any]:
    """The query for the last keyframe of a generation up to a version, with the state hash stored for its version."""
    frames, versions = script_keyframes, script_versions
    of_version = and_(
        versions.c.script_id == frames.c.script_id,
        versions.c.version_number == frames.c.version_number,
        versions.c.generation == frames.c.generation,
    )
    last = _last(generation)
    return last.with_only_columns(
        *last.selected_columns, versions.c.state_hash.label("version_hash"), maintain_column_froms=True
    ).select_from(frames.outerjoin(versions, of_version))


SELECT_LAST_KEYFRAME = _last(bindparam("generation"))
_LAST_WITH_HASH = last_with_hash(bindparam("generation"))
_NEXT = (
    select(script_keyframes.c.version_number, script_keyframes.c.state, script_keyframes.c.state_hash)
    .where(
        script_keyframes.c.script_id == bindparam("script"),
        script_keyframes.c.version_number > bindparam("after"),
        script_keyframes.c.generation == bindparam("generation"),
    )
    .order_by(script_keyframes.c.version_number)
    .limit(1)
)


class Keyframes:
    """The keyframes of every script, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def last(self, script_id: int, *, generation: int, upto: int) -> FoundKeyframe | None:
        """The last keyframe at or before a version."""
        rows = self._session.rows(_LAST_WITH_HASH, script=script_id, generation=generation, upto=upto)
        return FoundKeyframe(*rows[0]) if rows else None

    def next(self, script_id: int, *, generation: int, after: int) -> KeyframeRow | None:
        """The first keyframe after a version."""
        rows = self._session.rows(_NEXT, script=script_id, generation=generation, after=after)
        return KeyframeRow(*rows[0]) if rows else None


class WritableKeyframes(Keyframes):
    """The keyframes of the locked script."""

    def put(self, script_id: int, generation: int, keyframes: Sequence[KeyframeRow]) -> None:
        """Add keyframes."""
        self._session.later_insert(
            script_keyframes, _COLUMNS, [(script_id, row.version, generation, *row[1:]) for row in keyframes]
        )


class KeyframeSize(NamedTuple):
    """The version of a keyframe, and its size in bytes."""

    version: int
    size: int


_frames, _versions = script_keyframes, script_versions


_LAST = (
    select(_frames.c.version_number, func.length(_frames.c.state))
    .where(_frames.c.script_id == bindparam("script"), _frames.c.generation == bindparam("generation"))
    .order_by(_frames.c.version_number.desc())
    .limit(bindparam("limit"))
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
    """The keyframes of the locked script, for thinning out."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def last(self, script_id: int, *, generation: int, limit: int) -> list[KeyframeSize]:
        """The last keyframes of a script, in order."""
        rows = self._session.rows(_LAST, script=script_id, generation=generation, limit=limit)
        return [KeyframeSize(*row) for row in reversed(rows)]

    def delta_bytes(self, script_id: int, *, generation: int, after: int, upto: int) -> int:
        """The total bytes of the deltas from one version to another."""
        rows = self._session.rows(_DELTA_BYTES, script=script_id, generation=generation, after=after, upto=upto)
        return int(rows[0][0])

    def remove(self, script_id: int, *, generation: int, version: int) -> None:
        """Delete a keyframe."""
        self._session.later(_REMOVE, rows=1, script=script_id, generation=generation, version=version)
