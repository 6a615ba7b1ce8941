"""Ways: all that leads to a version of a script, read in one round trip."""

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
    """A head, the last keyframe of its generation up to a version, and the versions from there on up to that.

    `versions` is None where they cannot be read like this.
    """

    head: Head
    keyframe: FoundKeyframe | None
    versions: list[VersionRow] | None


_OF_SCRIPT = script_heads.c.script_id == bindparam("script")
_GENERATION = select(script_heads.c.generation).where(_OF_SCRIPT).scalar_subquery()
_KEYFRAME = last_with_hash(_GENERATION)
# No keyframe is further away, as `verify` sees to. MariaDB puts a look among more than a hundred rows off until the
# rest is planned: of a script with more keyframes it would read every version from the first; and of one where they
# are as dense as that, it reads all of these.
_UPTO = case(
    (script_heads.c.version_number < bindparam("upto"), script_heads.c.version_number), else_=bindparam("upto")
)
_FIRST_VERSION = _UPTO - literal(MAX_DELTAS)
# Joined with the head: with a look at the head inside this one, it would as well.
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
    """The way to any version of any script, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def to(self, script_id: int, version: int | None) -> PathToVersion | None:
        """The way to a version, or to the head; None where there is no such script.

        It is read statement by statement: what is changed meanwhile may not fit together.
        """
        upto = {"script": script_id, "upto": HIGHEST_VERSION if version is None else version}
        packed = not self._session.is_sqlite
        heads, keyframes, rows = self._session.rows_of(
            [(SELECT_HEAD, {"script": script_id}), (_KEYFRAME, upto), _VERSIONS.asked(upto, packed=packed)]
        )
        if not heads or not heads[0][1]:
            return None
        keyframe = FoundKeyframe(*keyframes[0]) if keyframes else None
        return PathToVersion(Head(*heads[0]), keyframe, _VERSIONS.read(rows, packed=packed))
