"""Paths to versions: the rows needed to rebuild one version (head, keyframe, deltas), read in one round trip."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, bindparam, case, func, literal, select

from domain.log.head import MAX_DELTAS, Head
from domain.log.version import VersionRow
from repos.database.session import Session
from repos.log.heads import SELECT_HEAD
from repos.log.keyframes import FoundKeyframe, last_with_hash
from repos.log.versions import page_of
from repos.schema.core_tables import script_heads, script_keyframes

HIGHEST_VERSION = (1 << 63) - 1


class PathToVersion(NamedTuple):
    """A head, the last keyframe of its generation up to a version, and the versions after the keyframe up to that one.

    `versions` is None if they cannot be read packed.
    """

    head: Head
    keyframe: FoundKeyframe | None
    versions: list[VersionRow] | None


_OF_SCRIPT = script_heads.c.script_id == bindparam("script")
_GENERATION = select(script_heads.c.generation).where(_OF_SCRIPT).scalar_subquery()
_KEYFRAME = last_with_hash(_GENERATION)
# Keyframes are at most MAX_DELTAS versions apart (`verify` checks this), so the search is bounded to that range.
# Unbounded, MariaDB defers this subquery once it expects more than about 100 rows, and then reads every version from
# the first. If the keyframes within the range are that dense, it reads all versions of the range.
_UPTO = case(
    (script_heads.c.version_number < bindparam("upto"), script_heads.c.version_number), else_=bindparam("upto")
)
_FIRST_VERSION = _UPTO - literal(MAX_DELTAS)
# Joined with the head: with the head in a nested subquery, MariaDB would defer this one too.
_KEYFRAME_VERSION = (
    select(script_keyframes.c.version_number)
    .select_from(
        script_heads.join(
            script_keyframes,
            and_(
                script_keyframes.c.script_id == script_heads.c.script_id,
                script_keyframes.c.generation == script_heads.c.generation,
            ),
        )
    )
    .where(
        _OF_SCRIPT,
        script_keyframes.c.version_number >= _FIRST_VERSION,
        script_keyframes.c.version_number <= bindparam("upto"),
    )
    .order_by(script_keyframes.c.version_number.desc())
    .limit(1)
    .scalar_subquery()
)
_AFTER_FIRST_VERSION = select(_FIRST_VERSION).where(_OF_SCRIPT).scalar_subquery()
_VERSIONS = page_of(_GENERATION, _AFTER_FIRST_VERSION, func.coalesce(_KEYFRAME_VERSION, literal(0)))


class PathsToVersion:
    """The path to any version of any script, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def to(self, script_id: int, version: int | None) -> PathToVersion | None:
        """The path to a version, or to the head; None if there is no such script.

        Not one snapshot: each statement sees its own, so concurrent changes may make the rows inconsistent.
        """
        upto = {"script": script_id, "upto": HIGHEST_VERSION if version is None else version}
        packed = not self._session.is_sqlite
        heads, keyframes, rows = self._session.rows_of(
            [(SELECT_HEAD, {"script": script_id}), (_KEYFRAME, upto), _VERSIONS.query(upto, packed=packed)]
        )
        if not heads or not heads[0][1]:
            return None
        keyframe = FoundKeyframe(*keyframes[0]) if keyframes else None
        return PathToVersion(Head(*heads[0]), keyframe, _VERSIONS.read(rows, packed=packed))
