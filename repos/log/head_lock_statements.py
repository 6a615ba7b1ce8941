"""Head lock statements: lock heads and then read pending submissions, in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, FromClause, Join, and_, bindparam, case, func, select
from sqlalchemy.sql.expression import Select, Subquery

from repos.schema.core_tables import script_heads, submission_inbox, submissions, users

MAX_INBOX_BATCH = 256
# Pending submissions of one script that a query finds by their arrival numbers.
NAMED_AT_ONCE = 100
# Larger payloads are fetched one by one, so that one read of the inbox, in hex, stays at 16 MiB.
INLINE_PAYLOAD_BYTES = 32 << 10

HEAD = (
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


# Positions of bytes among the columns of a lock query: the hashes of the head, a payload, and the hash of its answer.
HEX_COLUMNS = (1, 2, 11, 14)


class LockQuery(NamedTuple):
    """A query for locked heads and their pending submissions: with a column for each value, or packed into one column.

    The values are those of a head without its script id, then those of a submission in the inbox, or its arrival number
    alone, or NULL. Packed they are JSON, bytes in hex: PyMySQL takes 12 µs for the description of each column, which
    for sixteen columns is a fifth of a command's in-process cost.
    """

    columns: Select[Any]
    packed: Select[Any]

    def whose(self, script: ColumnElement[int]) -> LockQuery:
        """The same query, with the id of the script as the last column."""
        return LockQuery(self.columns.add_columns(script), self.packed.add_columns(script))


def _head(*, skip_locked: bool) -> Subquery:
    # The lock is alone in a derived table: FOR UPDATE over the join would wait for the uncommitted rows of producers,
    # and make producers wait. LIMIT keeps the optimizer from merging the table into the join.
    return (
        select(*HEAD)
        .where(script_heads.c.script_id == bindparam("script"))
        .limit(1)
        .with_for_update(skip_locked=skip_locked)
        .subquery("head")
    )


def _with_one_arrival(head: Subquery) -> LockQuery:
    inbox = submission_inbox
    values = (*(head.c[column.name] for column in HEAD[1:]), inbox.c.id)
    of = head.outerjoin(inbox, inbox.c.script_id == head.c.script_id)
    return LockQuery(*(select(*row).select_from(of).limit(1) for row in (values, (_packed(values),))))


@cache
def free_of(count: int) -> LockQuery:
    """The lock query for `count` heads that returns those that exist and are unlocked, each with its script id last."""
    names: list[BindParameter[int]] = [bindparam(f"script_{position}") for position in range(count)]
    heads = select(*HEAD).where(script_heads.c.script_id.in_(names)).limit(count)
    # If the table has few heads, the optimizer prefers a scan, which would lock the heads of other scripts too: their
    # drains would find the head locked and skip their bells.
    for dialect in ("mysql", "mariadb"):
        heads = heads.with_hint(script_heads, "FORCE INDEX (PRIMARY)", dialect)
    head = heads.with_for_update(skip_locked=True).subquery("head")
    return _joined(head).whose(head.c.script_id)


def _joined(head: Subquery) -> LockQuery:
    inbox = submission_inbox
    return _lock_query(head, _with_answers_and_users(head.outerjoin(inbox, inbox.c.script_id == head.c.script_id)))


def _first_of_inbox() -> LockQuery:
    # For the holder of the lock. It reads the arrival numbers first, from an index: sorted with their payloads, ten
    # thousand rows went through a table on disk for every batch of 256, two thirds of the batch's time.
    inbox = submission_inbox
    numbers = (
        select(inbox.c.id.label("number"))
        .where(inbox.c.script_id == bindparam("script"))
        .order_by(inbox.c.id)
        .limit(MAX_INBOX_BATCH)
        .subquery("numbers")
    )
    waiting = _with_answers_and_users(numbers.join(inbox, inbox.c.id == numbers.c.number))
    return _lock_query(script_heads, waiting.join(script_heads, script_heads.c.script_id == bindparam("script")))


def _with_answers_and_users(waiting: Join) -> Join:
    """Submissions joined with an existing answer to their id, and with the user who sent them."""
    return waiting.outerjoin(submissions, _OF_INBOX).outerjoin(users, users.c.id == submission_inbox.c.user_id)


def _inbox_values() -> tuple[ColumnElement[Any], ...]:
    """The values of a submission in the inbox, in the order of `InboxRow`."""
    inbox = submission_inbox
    small = func.length(inbox.c.payload) <= INLINE_PAYLOAD_BYTES
    return (
        inbox.c.id,
        inbox.c.submission_id,
        case((small, inbox.c.payload)),
        inbox.c.attempts,
        inbox.c.enqueued_at,
        submissions.c.content_hash,
        inbox.c.user_id,
        users.c.deleted_at,
        inbox.c.account,
    )


def _lock_query(head: FromClause, of: FromClause) -> LockQuery:
    values = (*(head.c[column.name] for column in HEAD[1:]), *_inbox_values())
    rows = (values, (_packed(values),))
    return LockQuery(*(select(*of_row).select_from(of).limit(MAX_INBOX_BATCH) for of_row in rows))


def _packed(values: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    return func.json_array(*(func.hex(value) if place in HEX_COLUMNS else value for place, value in enumerate(values)))


def _named_in_inbox() -> Select[Any]:
    inbox = submission_inbox
    numbers: list[BindParameter[int]] = [bindparam(f"row_{place}") for place in range(NAMED_AT_ONCE)]
    of = _with_answers_and_users(inbox.join(script_heads, script_heads.c.script_id == inbox.c.script_id))
    found = select(*_inbox_values()).select_from(of)
    return found.where(inbox.c.script_id == bindparam("script"), inbox.c.id.in_(numbers)).order_by(inbox.c.id)


_OF_INBOX = and_(
    submissions.c.script_id == submission_inbox.c.script_id,
    submissions.c.submission_id == submission_inbox.c.submission_id,
)
# The pending submissions of a locked script with some of NAMED_AT_ONCE arrival numbers.
SELECT_NAMED = _named_in_inbox()
LOCK_FREE = _joined(_head(skip_locked=True))
LOCK_NEW = _joined(_head(skip_locked=False))
# For work in process, which usually finds an empty inbox: the head and the arrival number of any pending submission.
LOCK_WAITING = _with_one_arrival(_head(skip_locked=False))
SELECT_FIRST_OF_INBOX = _first_of_inbox()
