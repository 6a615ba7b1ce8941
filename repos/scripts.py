"""scripts: identity and owner; title, status and version are projections, written with the version."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from repos.database.session import Session
from repos.schema.core_tables import script_heads, scripts, users
from repos.script_ids import ScriptIds


class ScriptRow(NamedTuple):
    """A script as readers list it; times are microseconds since 1970 UTC."""

    id: int
    user_id: int | None
    title: str
    status: str
    archived: int
    version_number: int
    created_at: int
    updated_at: int


_GET = select(*scripts.c).where(scripts.c.id == bindparam("script"))
# The row shows the version that last changed what is projected; a list shows the head.
_AT_HEAD = [column for column in scripts.c if column.name not in ("version_number", "created_at", "updated_at")]
_LIST = (
    select(*_AT_HEAD, script_heads.c.version_number, scripts.c.created_at, script_heads.c.updated_at)
    .select_from(scripts.join(script_heads))
    .where(scripts.c.id > bindparam("after"))
    .order_by(scripts.c.id)
    .limit(bindparam("most"))
)
_OWNER = select(users.c.id).where(users.c.id == bindparam("owner"), users.c.deleted_at.is_(None))
_INSERT_COLUMNS = tuple(column.name for column in scripts.c)
_PROJECT = (
    update(scripts)
    .where(scripts.c.id == bindparam("script"))
    .values(
        title=bindparam("title"),
        status=bindparam("status"),
        archived=bindparam("archived"),
        version_number=bindparam("version"),
        updated_at=bindparam("now"),
    )
)


class Scripts:
    """The scripts, for reading; and their numbers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def new_id(self, user_id: int | None = None) -> int:
        """A script number for a user, or for a program: given to no one else, and no script has it."""
        return ScriptIds(self._session).new(user_id)

    def get(self, script_id: int) -> ScriptRow | None:
        found = self._session.rows(_GET, script=script_id)
        return ScriptRow(*found[0]) if found else None

    def read(self, *, after: int = 0, most: int = 100) -> list[ScriptRow]:
        """Scripts behind an id, by id, with the version and time of their heads."""
        return [ScriptRow(*row) for row in self._session.rows(_LIST, after=after, most=most)]


class ProjectedScripts(Scripts):
    """The row of the locked script."""

    def owner_exists(self, user_id: int) -> bool:
        """Whether a user is there to own a script."""
        return bool(self._session.rows(_OWNER, owner=user_id))

    def add(self, row: ScriptRow) -> None:
        """List a script that came into being."""
        self._session.later_insert(scripts, _INSERT_COLUMNS, [tuple(row)])

    def project(self, row: ScriptRow) -> None:
        """Show what the head says."""
        self._session.later(
            _PROJECT,
            rows=1,
            script=row.id,
            title=row.title,
            status=row.status,
            archived=row.archived,
            version=row.version_number,
            now=row.updated_at,
        )
