"""The statements that lock heads and read what waits, in one round trip and in that order."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, FromClause, Join, and_, bindparam, case, func, select
from sqlalchemy.sql.expression import Select, Subquery

from repos.schema.core_tables import script_heads, submission_inbox, submissions, users

MAX_INBOX_BATCH = 256
INLINE_PAYLOAD_BYTES = 32 << 10
"""Larger payloads are fetched one by one, so that one look at the inbox, in hex, stays at 16 MiB."""

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


HEX_COLUMNS = (1, 2, 11, 14)
"""Where bytes stand among the values of a look: the hashes of the head, a payload, and the hash of its answer."""


class Look(NamedTuple):
    """A look at a head, or some, and what waits: with a column for each value, and packed, with one for all.

    The values are those of a head but its script's id, then those of a submission in the inbox, or nothing. Packed they
    are JSON, bytes in hex: PyMySQL takes 12 µs for the description of each column, and with sixteen of them a fifth of
    what a command costs in process.
    """

    columns: Select[Any]
    packed: Select[Any]

    def whose(self, script: ColumnElement[int]) -> Look:
        """The same look, with the id of the script in a column behind."""
        return Look(self.columns.add_columns(script), self.packed.add_columns(script))


def _with_inbox(*, skip_locked: bool) -> Look:
    # The lock stands alone in a derived table: FOR UPDATE over the join would wait for the uncommitted rows of
    # producers, and make them wait. LIMIT keeps the optimizer from merging it into the join.
    head = (
        select(*HEAD)
        .where(script_heads.c.script_id == bindparam("script"))
        .limit(1)
        .with_for_update(skip_locked=skip_locked)
        .subquery("head")
    )
    return _joined(head)


@cache
def free_of(count: int) -> Look:
    """A look at those of so many heads that are there and free, each with the id of its script behind."""
    names: list[BindParameter[int]] = [bindparam(f"script_{position}") for position in range(count)]
    heads = select(*HEAD).where(script_heads.c.script_id.in_(names)).limit(count)
    # Where there are few heads a scan looks cheaper, and would lock those of others too, whose bells went unheard.
    for dialect in ("mysql", "mariadb"):
        heads = heads.with_hint(script_heads, "FORCE INDEX (PRIMARY)", dialect)
    head = heads.with_for_update(skip_locked=True).subquery("head")
    return _joined(head).whose(head.c.script_id)


def _joined(head: Subquery) -> Look:
    inbox = submission_inbox
    return _look(head, _with_what_is_known(head.outerjoin(inbox, inbox.c.script_id == head.c.script_id)))


def _first_of_inbox() -> Look:
    # For whoever holds the lock. Their numbers first and alone, from an index: sorted with their payloads, ten thousand
    # went through a table on disk for every 256 of them, which was two thirds of a round.
    inbox = submission_inbox
    numbers = (
        select(inbox.c.id.label("number"))
        .where(inbox.c.script_id == bindparam("script"))
        .order_by(inbox.c.id)
        .limit(MAX_INBOX_BATCH)
        .subquery("numbers")
    )
    waiting = _with_what_is_known(numbers.join(inbox, inbox.c.id == numbers.c.number))
    return _look(script_heads, waiting.join(script_heads, script_heads.c.script_id == bindparam("script")))


def _with_what_is_known(waiting: Join) -> Join:
    """Submissions with the answer their id has, and the user who sent them."""
    return waiting.outerjoin(submissions, _OF_INBOX).outerjoin(users, users.c.id == submission_inbox.c.user_id)


def _look(head: FromClause, of: FromClause) -> Look:
    inbox = submission_inbox
    small = func.length(inbox.c.payload) <= INLINE_PAYLOAD_BYTES
    values = (
        *(head.c[column.name] for column in HEAD[1:]),
        inbox.c.id,
        inbox.c.submission_id,
        case((small, inbox.c.payload)),
        inbox.c.attempts,
        inbox.c.enqueued_at,
        submissions.c.content_hash,
        inbox.c.user_id,
        users.c.deleted_at,
    )
    packed = func.json_array(
        *(func.hex(value) if place in HEX_COLUMNS else value for place, value in enumerate(values))
    )
    return Look(*(select(*of_row).select_from(of).limit(MAX_INBOX_BATCH) for of_row in (values, (packed,))))


_OF_INBOX = and_(
    submissions.c.script_id == submission_inbox.c.script_id,
    submissions.c.submission_id == submission_inbox.c.submission_id,
)
LOCK_FREE = _with_inbox(skip_locked=True)
LOCK_WAITING = _with_inbox(skip_locked=False)
SELECT_FIRST_OF_INBOX = _first_of_inbox()
