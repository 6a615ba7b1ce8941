"""script_heads: the tip of each script, and the lock everything else waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.sql.expression import Select, Subquery

from domain.head import Head, Health
from repos.failures import InboxTooDeep
from repos.phases import reached
from repos.session import Session
from repos.statements import Row
from repos.tables import script_heads, submission_inbox, submissions

MOST_WAITING = 256
INLINE_PAYLOAD_BYTES = 32 << 10
"""Larger payloads are fetched one by one, so that one look at the inbox, in hex, stays at 16 MiB."""

_HEAD = (
    script_heads.c.script_id,
    script_heads.c.version_number,
    script_heads.c.chain_hash,
    script_heads.c.state_hash,
    script_heads.c.keyframe_version,
    script_heads.c.keyframe_bytes,
    script_heads.c.delta_bytes,
    script_heads.c.generation,
    script_heads.c.health,
    script_heads.c.updated_at,
)
_HEAD_VALUES = len(_HEAD) - 1


class Waiting(NamedTuple):
    """A submission in the inbox. `payload` is None where it is too large to come along unasked.

    `answered` is the content hash of the answer this submission id already has, if it has one.
    """

    id: int
    submission_id: str
    payload: bytes | None
    attempts: int
    enqueued_at: int
    answered: bytes | None


class Heads:
    """The heads, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, script_id: int) -> Head | None:
        """The head of a script as last committed; None where there is no such script."""
        rows = self._session.rows(_GET, script=script_id)
        return _to_head(rows[0]) if rows and rows[0][1] else None


class LockedHead(Heads):
    """The head of one script, locked: whoever holds it is the only writer of the script.

    `advanced_to` is the version it was moved on to, once that is committed; 0 before.
    """

    advanced_to = 0

    def start(self, script_id: int, *, wait: bool) -> tuple[Head | None, list[Waiting]]:
        """Begin, lock the head, and read what waits, in one statement and in that order.

        None for the head means that somebody else holds it (only without `wait`) or that there is none.
        """
        reached("before head locked")
        found = self._session.start(_LOCK_WAITING if wait else _LOCK_FREE, script=script_id)
        return self._read(script_id, found)

    def start_together(self, script_ids: Sequence[int]) -> dict[int, tuple[Head, list[Waiting]]]:
        """Begin, lock those of several heads that are there and free, and read what waits for them, in one statement.

        Raises:
            InboxTooDeep: more waits than one look takes, and nobody could say how much for whom.
        """
        reached("before head locked")
        names = {f"script_{position}": script_id for position, script_id in enumerate(script_ids)}
        found = self._session.start(_free_of(len(script_ids)), **names)
        if len(found) >= MOST_WAITING:
            raise InboxTooDeep(Counter(script_id for _, script_id in found).most_common(1)[0][0])
        if not found:
            return {}
        reached("after head locked")
        reached("before inbox read")
        by_script: dict[int, list[str]] = {}
        for packed, script_id in found:
            by_script.setdefault(script_id, []).append(packed)
        reached("after inbox read")
        return {script_id: _unpacked(script_id, packed) for script_id, packed in by_script.items()}

    def create(self, script_id: int) -> tuple[Head, list[Waiting]]:
        """Make the head of a script that has none, locked, and read what waits.

        One INSERT … ON DUPLICATE KEY UPDATE: of two that try, one waits for the other and finds its head.
        """
        insert = _CREATE_SQLITE if self._session.is_sqlite else _CREATE_MYSQL
        self._session.run(insert, **_from_head(Head(script_id=script_id)))
        head, waiting = self._read(script_id, self._session.rows(_LOCK_WAITING, script=script_id))
        assert head is not None  # noqa: S101 - made and locked just now
        return head, waiting

    def exists(self, script_id: int) -> bool:
        """Whether there is a head, locked by somebody or not."""
        return bool(self._session.rows(_EXISTS, script=script_id))

    def advance(self, head: Head, old_version: int) -> None:
        """Move the head on, from the version it was locked at."""
        self.advanced_to = head.version
        values = _from_head(head)
        self._session.later(_ADVANCE, rows=1, old_version=old_version, script=values.pop("script_id"), **values)

    def remove_unborn(self, script_id: int) -> None:
        """Take back a head whose script did not come into being."""
        self._session.later(_REMOVE_UNBORN, rows=1, script=script_id)

    def set_health(self, script_id: int, health: Health) -> None:
        """Quarantine a script, leave it to a backfill, or open it again."""
        self._session.later(_SET_HEALTH, rows=1, script=script_id, health=health)

    def _read(self, script_id: int, rows: list[Row]) -> tuple[Head | None, list[Waiting]]:
        if not rows:
            return None, []
        reached("after head locked")
        reached("before inbox read")
        if len(rows) == MOST_WAITING:
            # The statement has no ORDER BY, to spare the usual case a sort; with more rows than fit there must be one.
            rows = self._session.rows(_FIRST, script=script_id)
        reached("after inbox read")
        return _unpacked(script_id, [row[0] for row in rows])


def _unpacked(script_id: int, packed: Sequence[str]) -> tuple[Head, list[Waiting]]:
    rows = [msgspec.json.decode(text) for text in packed]
    waiting = [_to_waiting(values[_HEAD_VALUES:]) for values in rows if values[_HEAD_VALUES] is not None]
    version, chain_hash, state_hash, *rest = rows[0][:_HEAD_VALUES]
    head = _to_head((script_id, version, bytes.fromhex(chain_hash), bytes.fromhex(state_hash), *rest))
    return head, sorted(waiting)


def _to_waiting(values: list[Any]) -> Waiting:
    arrival, submission_id, attempts, enqueued_at, answered, payload = values
    return Waiting(arrival, submission_id, _unhex(payload), attempts, enqueued_at, _unhex(answered))


def _unhex(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _to_head(row: Row) -> Head:
    return Head(
        script_id=row[0],
        version=row[1],
        chain_hash=row[2],
        state_hash=row[3],
        keyframe_version=row[4],
        keyframe_bytes=row[5],
        delta_bytes=row[6],
        generation=row[7],
        health=row[8],
        updated_at=row[9],
    )


def _from_head(head: Head) -> dict[str, Any]:
    return {
        "script_id": head.script_id,
        "version_number": head.version,
        "chain_hash": head.chain_hash,
        "state_hash": head.state_hash,
        "keyframe_version": head.keyframe_version,
        "keyframe_bytes": head.keyframe_bytes,
        "delta_bytes": head.delta_bytes,
        "generation": head.generation,
        "health": head.health,
        "updated_at": head.updated_at,
    }


def _with_inbox(*, skip_locked: bool) -> Select[Any]:
    # The lock stands alone in a derived table: FOR UPDATE over the join would wait for the uncommitted rows of
    # producers, and make them wait. LIMIT keeps the optimizer from merging it into the join.
    head = (
        select(*_HEAD)
        .where(script_heads.c.script_id == bindparam("script"))
        .limit(1)
        .with_for_update(skip_locked=skip_locked)
        .subquery("head")
    )
    return _joined(head)


@cache
def _free_of(count: int) -> Select[Any]:
    names: list[BindParameter[int]] = [bindparam(f"script_{position}") for position in range(count)]
    heads = select(*_HEAD).where(script_heads.c.script_id.in_(names)).limit(count)
    # Where there are few heads a scan looks cheaper, and would lock those of others too, whose bells went unheard.
    for dialect in ("mysql", "mariadb"):
        heads = heads.with_hint(script_heads, "FORCE INDEX (PRIMARY)", dialect)
    head = heads.with_for_update(skip_locked=True).subquery("head")
    return _joined(head).add_columns(head.c.script_id)


def _joined(head: Subquery) -> Select[Any]:
    inbox = submission_inbox
    return _packed(head).select_from(
        head.outerjoin(inbox, inbox.c.script_id == head.c.script_id).outerjoin(submissions, _OF_INBOX)
    )


def _first_of_inbox() -> Select[Any]:
    # For whoever holds the lock. Their numbers first and alone, from an index: sorted with their payloads, ten thousand
    # went through a table on disk for every 256 of them, which was two thirds of a round.
    inbox = submission_inbox
    numbers = (
        select(inbox.c.id.label("number"))
        .where(inbox.c.script_id == bindparam("script"))
        .order_by(inbox.c.id)
        .limit(MOST_WAITING)
        .subquery("numbers")
    )
    return (
        _packed(script_heads)
        .select_from(numbers.join(inbox, inbox.c.id == numbers.c.number).outerjoin(submissions, _OF_INBOX))
        .join(script_heads, script_heads.c.script_id == bindparam("script"))
    )


def _packed(head: FromClause) -> Select[Any]:
    # All in one column, because the driver takes 12 µs for the description of each, a fifth of what a command costs
    # in process with sixteen of them.
    inbox = submission_inbox
    _, version, chain_hash, state_hash, *rest = (head.c[column.name] for column in _HEAD)
    small = func.length(inbox.c.payload) <= INLINE_PAYLOAD_BYTES
    return select(
        func.json_array(
            version,
            func.hex(chain_hash),
            func.hex(state_hash),
            *rest,
            inbox.c.id,
            inbox.c.submission_id,
            inbox.c.attempts,
            inbox.c.enqueued_at,
            _hex(submissions.c.content_hash),
            case((small, _hex(inbox.c.payload))),
        )
    ).limit(MOST_WAITING)


def _hex(column: ColumnElement[bytes]) -> ColumnElement[str]:
    """Bytes as JSON takes them. SQLite gives an empty text for NULL."""
    return case((column.is_not(None), func.hex(column)))


_OF_INBOX = and_(
    submissions.c.script_id == submission_inbox.c.script_id,
    submissions.c.submission_id == submission_inbox.c.submission_id,
)
_GET = select(*_HEAD).where(script_heads.c.script_id == bindparam("script"))
_EXISTS = select(script_heads.c.script_id).where(script_heads.c.script_id == bindparam("script"))
_LOCK_FREE = _with_inbox(skip_locked=True)
_LOCK_WAITING = _with_inbox(skip_locked=False)
_FIRST = _first_of_inbox()
_COLUMNS: dict[str, Any] = {column.name: bindparam(column.name) for column in _HEAD}
_CREATE_MYSQL = (
    mysql.insert(script_heads).values(**_COLUMNS).on_duplicate_key_update(script_id=script_heads.c.script_id)
)
_CREATE_SQLITE = sqlite.insert(script_heads).values(**_COLUMNS).on_conflict_do_nothing()
_ADVANCE = (
    update(script_heads)
    .where(script_heads.c.script_id == bindparam("script"), script_heads.c.version_number == bindparam("old_version"))
    .values(**{name: bind for name, bind in _COLUMNS.items() if name != "script_id"})
)
_REMOVE_UNBORN = delete(script_heads).where(
    script_heads.c.script_id == bindparam("script"), script_heads.c.version_number == literal(0)
)
_SET_HEALTH = (
    update(script_heads).where(script_heads.c.script_id == bindparam("script")).values(health=bindparam("health"))
)
