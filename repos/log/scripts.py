"""Table scripts: identity and owner. Title and status are projections; version and time are those of the head."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, bindparam, case, func, insert, select, update
from sqlalchemy.dialects import mysql, sqlite

from domain.script.state import State
from domain.submissions.submission import MAX_SCRIPT_ID
from repos.database.driver_errors import DuplicateKey
from repos.database.session import Session
from repos.schema.core_tables import script_heads, script_ids, scripts, users


class ScriptRow(NamedTuple):
    """A script as readers list it, with the version and time of its head; times are microseconds since 1970 UTC.

    A backfilled script has the time of change of its legacy application, until it is edited.
    """

    id: int
    user_id: int | None
    title: str
    status: str
    archived: int
    version_number: int
    created_at: int
    updated_at: int


class StoredScript(NamedTuple):
    """What the row of a script holds itself; times are microseconds since 1970 UTC."""

    id: int
    user_id: int | None
    title: str
    status: str
    archived: int
    created_at: int

    @classmethod
    def of(cls, script_id: int, state: State, created_at: int) -> StoredScript:
        """The row of a script in this state; its owner may not exist."""
        metadata = state.metadata
        owner = metadata.get("owner")
        return cls(
            id=script_id,
            user_id=owner if isinstance(owner, int) else None,
            title=str(metadata.get("title", "")),
            status=str(metadata.get("status", "draft")),
            archived=int(state.archived),
            created_at=created_at,
        )


_UPDATED_AT = case(
    (script_heads.c.version_number == scripts.c.legacy_version, scripts.c.legacy_updated_at),
    else_=script_heads.c.updated_at,
)
_READ = select(
    scripts.c.id,
    scripts.c.user_id,
    scripts.c.title,
    scripts.c.status,
    scripts.c.archived,
    script_heads.c.version_number,
    scripts.c.created_at,
    _UPDATED_AT.label("updated_at"),
).select_from(scripts.join(script_heads))
_GET = _READ.where(scripts.c.id == bindparam("script"))
_STORED = select(scripts.c.id).where(scripts.c.id == bindparam("script"))
_LIST = _READ.where(scripts.c.id > bindparam("after")).order_by(scripts.c.id).limit(bindparam("limit"))
_OWNER = select(users.c.id).where(users.c.id == bindparam("owner"), users.c.deleted_at.is_(None))
_OWNER_EVER = select(users.c.id).where(users.c.id == bindparam("owner"))
_PROJECT = (
    update(scripts)
    .where(scripts.c.id == bindparam("script"))
    .values(title=bindparam("title"), status=bindparam("status"), archived=bindparam("archived"))
)
_RESTORE = _PROJECT.values(user_id=bindparam("owner"))
_LIST_AS = (
    update(scripts)
    .where(scripts.c.id == bindparam("script"))
    .values(
        created_at=func.coalesce(bindparam("made"), scripts.c.created_at),
        legacy_version=bindparam("version"),
        legacy_updated_at=bindparam("now"),
    )
)
_KEEP_TIMES = (
    update(scripts)
    .where(scripts.c.id == bindparam("script"), scripts.c.legacy_version == bindparam("before"))
    .values(legacy_version=bindparam("version"))
)


class Scripts:
    """The scripts, for reading; also assigns new script ids."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def new_id(self, user_id: int | None = None) -> int:
        """A script number for a user, or for a program: given to no one else, and no script has it."""
        return ScriptIds(self._session).new(user_id)

    def get(self, script_id: int) -> ScriptRow | None:
        rows = self._session.rows(_GET, script=script_id)
        return ScriptRow(*rows[0]) if rows else None

    def read(self, *, after: int = 0, limit: int = 100) -> list[ScriptRow]:
        """Scripts after an id, by id."""
        return [ScriptRow(*row) for row in self._session.rows(_LIST, after=after, limit=limit)]


class ProjectedScripts(Scripts):
    """The row of the locked script."""

    def owner_exists(self, user_id: int, *, deleted_too: bool = False) -> bool:
        """Whether the user exists and is not deleted; with `deleted_too`, whether there ever was one."""
        return bool(self._session.rows(_OWNER_EVER if deleted_too else _OWNER, owner=user_id))

    def add(self, row: StoredScript) -> None:
        """Add the row of a new script."""
        self._session.later_insert(scripts, StoredScript._fields, [tuple(row)])

    def project(self, row: StoredScript) -> None:
        """Update the projected columns to the head."""
        self._session.later(
            _PROJECT,
            rows=1,
            script=row.id,
            title=row.title,
            status=row.status,
            archived=row.archived,
        )

    def restore(self, row: StoredScript) -> None:
        """Write the row again; the time of its creation stays if there is a row."""
        if not self._session.rows(_STORED, script=row.id):
            self.add(row)
            return
        self._session.later(
            _RESTORE,
            rows=1,
            script=row.id,
            owner=row.user_id,
            title=row.title,
            status=row.status,
            archived=row.archived,
        )

    def list_as(self, script_id: int, version: int, created_at: int | None, updated_at: int) -> None:
        """Show the head with other times than those of its log; without `created_at`, that of the log stays."""
        self._session.later(_LIST_AS, rows=1, script=script_id, version=version, made=created_at, now=updated_at)

    def keep_times(self, script_id: int, version: int, new_version: int) -> None:
        """Show a new head with the times that an older one was shown with by `list_as`."""
        self._session.later(_KEEP_TIMES, script=script_id, before=version, version=new_version)


# Greater ids are not marked as used: the next id follows the greatest one, so a single script could exhaust them all.
MAX_TAKEN_ID = MAX_SCRIPT_ID // 2


class GivenNumber(NamedTuple):
    """An assigned script id and its user; None for a program with credentials of its own."""

    script_id: int
    user_id: int | None


_NEW = insert(script_ids).values(id=None, user_id=bindparam("user"))


_GET_SCRIPT_IDS = select(script_ids.c.id, script_ids.c.user_id).where(script_ids.c.id == bindparam("script"))


_RESERVE = insert(script_ids).values(id=bindparam("script"), user_id=bindparam("user"))


_TAKE_MYSQL = (
    mysql.insert(script_ids).values(id=bindparam("script"), user_id=None).on_duplicate_key_update(id=script_ids.c.id)
)


_TAKE_SQLITE = sqlite.insert(script_ids).values(id=bindparam("script"), user_id=None).on_conflict_do_nothing()


_EXISTS = select(script_heads.c.script_id).where(script_heads.c.script_id == bindparam("script"))


_NEXT = script_heads.alias("next_heads")


_LAST_IN_ROW = (
    select(func.min(script_heads.c.script_id))
    .select_from(script_heads.outerjoin(_NEXT, and_(_NEXT.c.script_id == script_heads.c.script_id + 1)))
    .where(script_heads.c.script_id >= bindparam("script"), _NEXT.c.script_id.is_(None))
)


_HIGHEST = select(func.coalesce(func.max(script_ids.c.id), 0))


class ScriptIds:
    """The script ids that were assigned."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def new(self, user_id: int | None = None) -> int:
        """A script number for a user, or for a program: given to no one else, and no script has it."""
        script_id = self._session.insert(_NEW, user=user_id)
        # A script may have been created under an id that was never assigned and is not marked as used.
        while self._session.rows(_EXISTS, script=script_id):
            free = self._session.rows(_LAST_IN_ROW, script=script_id)[0][0] + 1
            try:
                self._session.run(_RESERVE, script=free, user=user_id)
                script_id = free
            except DuplicateKey:
                script_id = self._session.insert(_NEW, user=user_id)
        return script_id

    def given(self, script_id: int) -> GivenNumber | None:
        """The assignment of a script id; None if it was never assigned."""
        rows = self._session.rows(_GET_SCRIPT_IDS, script=script_id)
        return GivenNumber(*rows[0]) if rows else None

    def highest(self) -> int:
        """The greatest id that was assigned; 0 if none was."""
        return int(self._session.rows(_HIGHEST)[0][0])

    def take(self, script_id: int) -> None:
        """Mark an id as used, with the commit that creates its script; an existing assignment stays."""
        if script_id <= MAX_TAKEN_ID:
            self._session.later(_TAKE_SQLITE if self._session.is_sqlite else _TAKE_MYSQL, script=script_id)

    def reserve(self, script_id: int) -> None:
        """Mark an id as used, so that neither it nor any unassigned id below it will be assigned."""
        if self.given(script_id) is None:
            self._session.run(_RESERVE, script=script_id, user=None)
