"""Table script_heads: the latest version of each script, and the lock that serializes its writers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import astuple
from sqlalchemy import Executable, bindparam, delete, literal, select, update
from sqlalchemy.dialects import mysql, sqlite

from domain.log.head import Head, Health
from domain.refusals import UnknownScript
from repos.database.driver_errors import InboxTooDeep
from repos.database.session import Session
from repos.database.statements import Row
from repos.fault_points import fault_point
from repos.log.head_lock_statements import (
    HEAD,
    HEX_COLUMNS,
    LOCK_FREE,
    LOCK_NEW,
    LOCK_WAITING,
    MAX_INBOX_BATCH,
    NAMED_AT_ONCE,
    SELECT_FIRST_OF_INBOX,
    SELECT_NAMED,
    LockQuery,
    free_of,
)
from repos.schema.core_tables import script_heads

# Number of head columns in a lock query; script_id is not selected because it is the parameter.
_HEAD_VALUES = len(HEAD) - 1


class InboxRow(NamedTuple):
    """A submission in the inbox. `payload` is None if it is too large to be read with the head.

    `answered` is the content hash of an existing answer to this submission id, if any. `user_id` is the signed-in user
    who sent it, None for a program with credentials of its own; `user_deleted_at` is when that user was deleted.
    `account` is the database account that inserted the row, None where the server does not write it.
    """

    id: int
    submission_id: str
    payload: bytes | None
    attempts: int
    enqueued_at: int
    answered: bytes | None
    user_id: int | None = None
    user_deleted_at: int | None = None
    account: str | None = None


class Heads:
    """The heads, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, script_id: int) -> Head | None:
        """The committed head of a script; None if there is no such script."""
        rows = self._session.rows(SELECT_HEAD, script=script_id)
        return Head(*rows[0]) if rows and rows[0][1] else None

    def require(self, script_id: int) -> Head:
        """The head of a script as last committed.

        Raises:
            UnknownScript: there is no such script.
        """
        head = self.get(script_id)
        if head is None:
            raise UnknownScript(script=script_id)
        return head

    def ids(self, *, after: int = 0, limit: int) -> list[int]:
        """The scripts after an id, by id."""
        return [row[0] for row in self._session.rows(_IDS, after=after, limit=limit)]


class LockedHead(Heads):
    """The head of one script, locked: its holder is the only writer of the script.

    `advanced_to` is the version the head was advanced to, 0 if it was not; valid once committed. `left` is the head
    this transaction will commit; None means it has to be read again. `written` is whether the head row is written.
    """

    advanced_to = 0
    written = False
    left: Head | None = None

    def start(self, script_id: int, *, wait: bool) -> tuple[Head, list[InboxRow]] | None:
        """Begin, lock the head, then read pending submissions, in one statement; with `wait` and any pending, in two.

        None means that another worker holds the head (only without `wait`) or that there is no head.
        """
        fault_point("before head locked")
        statement = self._statement(LOCK_WAITING if wait else LOCK_FREE)
        if self._session.is_sqlite:
            head: Head | None = self._session.start_and_recall()
            if head is not None and head.script_id == script_id:
                fault_point("after head locked")
                fault_point("before inbox read")
                fault_point("after inbox read")
                # The head this connection committed last, when the inbox was empty.
                self.left = head
                return head, []
            rows = self._session.rows(statement, script=script_id)
        else:
            rows = self._session.start(statement, script=script_id)
        locked = self._read_if_pending(script_id, rows) if wait else self._read(script_id, rows)
        self.left = locked[0] if locked else None
        return locked

    def start_together(self, script_ids: Sequence[int]) -> list[tuple[Head, list[InboxRow]]]:
        """Begin, lock those of several heads that exist and are unlocked, then read their inboxes, in one statement.

        Raises:
            InboxTooDeep: more submissions are pending than one query reads, so the number per script is unknown.
        """
        fault_point("before head locked")
        names = {f"script_{position}": script_id for position, script_id in enumerate(script_ids)}
        joined = self._session.start(self._statement(free_of(len(script_ids))), **names)
        if len(joined) >= MAX_INBOX_BATCH:
            raise InboxTooDeep(Counter(script_id for *_, script_id in joined).most_common(1)[0][0])
        if not joined:
            return []
        fault_point("after head locked")
        fault_point("before inbox read")
        by_script: dict[int, list[Row]] = {}
        for *values, script_id in joined:
            by_script.setdefault(script_id, []).append(tuple(values))
        fault_point("after inbox read")
        return [self._to_locked(script_id, rows) for script_id, rows in by_script.items()]

    def create(self, script_id: int) -> tuple[Head, list[InboxRow]]:
        """Create and lock the head of a script without one, and read its pending submissions.

        One INSERT … ON DUPLICATE KEY UPDATE: of two concurrent workers, one waits for the other and finds its head.
        """
        insert = _CREATE_SQLITE if self._session.is_sqlite else _CREATE_MYSQL
        new = dict(zip(_NAMES, astuple(Head(script_id=script_id)), strict=True))
        self._session.wrote = True
        _, rows = self._session.rows_of([(insert, new), (self._statement(LOCK_NEW), {"script": script_id})])
        locked = self._read(script_id, rows)
        assert locked is not None  # noqa: S101 - just created and locked
        return locked

    def pending(self, script_id: int, arrivals: Sequence[int]) -> list[InboxRow]:
        """Those of at most NAMED_AT_ONCE submissions, by arrival number, that are still pending; the head is locked."""
        numbers = [*arrivals, *[arrivals[-1]] * (NAMED_AT_ONCE - len(arrivals))]
        named = {f"row_{place}": number for place, number in enumerate(numbers)}
        return [InboxRow(*row) for row in self._session.rows(SELECT_NAMED, script=script_id, **named)]

    def exists(self, script_id: int) -> bool:
        """Whether there is a head, locked or not."""
        return bool(self._session.rows(_EXISTS, script=script_id))

    def advance(self, head: Head, old_version: int) -> None:
        """Advance the head from the version it was locked at."""
        self.advanced_to = head.version
        self.left = head
        self.written = True
        self._session.later(
            _ADVANCE,
            rows=1,
            script=head.script_id,
            old_version=old_version,
            version_number=head.version,
            chain_hash=head.chain_hash,
            state_hash=head.state_hash,
            keyframe_version=head.keyframe_version,
            keyframe_bytes=head.keyframe_bytes,
            delta_bytes=head.delta_bytes,
            generation=head.generation,
            health=head.health,
            updated_at=head.updated_at,
        )

    def touch(self, head: Head) -> None:
        """Write to a column of the head that is never read: for a transaction that otherwise does not write the head.

        Locks are local to one database node. If several nodes write, two transactions on one script conflict only if
        both write the same row. SQLite has one writer.
        """
        if self._session.is_sqlite or self.written:
            return
        self.written = True
        self._session.later(_TOUCH, rows=1, script=head.script_id, old_version=head.version)

    def remove_unborn(self, script_id: int) -> None:
        """Delete a head whose script was not created."""
        self.left = None
        self.written = True
        self._session.later(_REMOVE_UNBORN, rows=1, script=script_id)

    def set_health(self, script_id: int, health: Health) -> None:
        """Set the health of a script: quarantined, backfilling or open."""
        self.left = None
        self.written = True
        self._session.later(_SET_HEALTH, rows=1, script=script_id, health=health)

    def _read_if_pending(self, script_id: int, rows: list[Row]) -> tuple[Head, list[InboxRow]] | None:
        if not rows:
            return None
        fault_point("after head locked")
        fault_point("before inbox read")
        if not self._session.is_sqlite:
            rows = [_unpacked(text) for (text,) in rows]
        [(*values, arrival)] = rows
        pending = (
            [] if arrival is None else self._session.rows(self._statement(SELECT_FIRST_OF_INBOX), script=script_id)
        )
        fault_point("after inbox read")
        return Head(script_id, *values), self._to_locked(script_id, pending)[1] if pending else []

    def _read(self, script_id: int, rows: list[Row]) -> tuple[Head, list[InboxRow]] | None:
        if not rows:
            return None
        fault_point("after head locked")
        fault_point("before inbox read")
        if len(rows) == MAX_INBOX_BATCH:
            # To save the usual case a sort, the statement has no ORDER BY; with more rows than fit, order is needed.
            rows = self._session.rows(self._statement(SELECT_FIRST_OF_INBOX), script=script_id)
        fault_point("after inbox read")
        return self._to_locked(script_id, rows)

    def _statement(self, query: LockQuery) -> Executable:
        return query.columns if self._session.is_sqlite else query.packed

    def _to_locked(self, script_id: int, rows: list[Row]) -> tuple[Head, list[InboxRow]]:
        if not self._session.is_sqlite:
            rows = [_unpacked(text) for (text,) in rows]
        waiting = [InboxRow(*row[_HEAD_VALUES:]) for row in rows if row[_HEAD_VALUES] is not None]
        return Head(script_id, *rows[0][:_HEAD_VALUES]), sorted(waiting)


def _unpacked(text: str) -> Row:
    values = msgspec.json.decode(text)
    for place in HEX_COLUMNS:
        if place < len(values) and (value := values[place]) is not None:
            values[place] = bytes.fromhex(value)
    return tuple(values)


SELECT_HEAD = select(*HEAD).where(script_heads.c.script_id == bindparam("script"))
_IDS = (
    select(script_heads.c.script_id)
    .where(script_heads.c.script_id > bindparam("after"), script_heads.c.version_number > literal(0))
    .order_by(script_heads.c.script_id)
    .limit(bindparam("limit"))
)
_EXISTS = select(script_heads.c.script_id).where(script_heads.c.script_id == bindparam("script"))
_NAMES = tuple([column.name for column in HEAD])
_COLUMNS: dict[str, Any] = {name: bindparam(name) for name in _NAMES}
_CREATE_MYSQL = (
    mysql.insert(script_heads).values(**_COLUMNS).on_duplicate_key_update(script_id=script_heads.c.script_id)
)
_CREATE_SQLITE = sqlite.insert(script_heads).values(**_COLUMNS).on_conflict_do_nothing()
_ADVANCE = (
    update(script_heads)
    .where(script_heads.c.script_id == bindparam("script"), script_heads.c.version_number == bindparam("old_version"))
    .values(**{name: bind for name, bind in _COLUMNS.items() if name != "script_id"})
)
_TOUCH = (
    update(script_heads)
    .where(script_heads.c.script_id == bindparam("script"), script_heads.c.version_number == bindparam("old_version"))
    .values(touches=script_heads.c.touches + literal(1))
)
_REMOVE_UNBORN = delete(script_heads).where(
    script_heads.c.script_id == bindparam("script"), script_heads.c.version_number == literal(0)
)
_SET_HEALTH = (
    update(script_heads).where(script_heads.c.script_id == bindparam("script")).values(health=bindparam("health"))
)
