"""The statements that lock heads and read what waits, in one round trip and in that order."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, FromClause, and_, bindparam, case, func, select
from sqlalchemy.sql.expression import Select, Subquery

from repos.tables import script_heads, submission_inbox, submissions

MOST_WAITING = 256
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


def _with_inbox(*, skip_locked: bool) -> Select[Any]:
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
def free_of(count: int) -> Select[Any]:
    names: list[BindParameter[int]] = [bindparam(f"script_{position}") for position in range(count)]
    heads = select(*HEAD).where(script_heads.c.script_id.in_(names)).limit(count)
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
    _, version, chain_hash, state_hash, *rest = (head.c[column.name] for column in HEAD)
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
LOCK_FREE = _with_inbox(skip_locked=True)
LOCK_WAITING = _with_inbox(skip_locked=False)
FIRST = _first_of_inbox()
