"""Chat messages and their usage in bulk, for the move of a legacy application: messages with their ids.

Nothing is checked here but what the database checks, and no row is ever replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select, update

from repos.accounts.bulk_accounts import id_marks, id_params
from repos.database.session import Session
from repos.schema.account_tables import chat_message_usage, chat_messages


class MessageRecord(NamedTuple):
    """A message with an id; `metadata` is JSON, `created_at` microseconds since 1970 UTC."""

    id: int
    script_id: int | None
    user_id: int | None
    answers: int | None
    role: str
    intent: str | None
    content: str
    metadata: str
    created_at: int


class UsageRecord(NamedTuple):
    """The cost of the model call that led to a message."""

    message_id: int
    model: str
    tokens_in: int | None
    tokens_out: int | None
    cost_micros: int | None
    currency: str
    latency_ms: int | None
    recorded_at: int


_HIGHEST = select(func.max(chat_messages.c.id))
_CHANGE = (
    update(chat_messages)
    .where(chat_messages.c.id == bindparam("message"))
    .values({name: bindparam(f"new_{name}") for name in MessageRecord._fields if name not in ("id", "answers")})
)
_LINK = (
    update(chat_messages)
    .where(chat_messages.c.id == bindparam("message"), chat_messages.c.answers.is_(None))
    .values(answers=bindparam("question"))
)
_AFTER = (
    select(chat_messages.c.id, chat_messages.c.created_at)
    .where(chat_messages.c.id > bindparam("after"))
    .order_by(chat_messages.c.id)
    .limit(bindparam("limit"))
)


class BulkChat:
    """The chat of a legacy application."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, messages: Sequence[MessageRecord], usage: Sequence[UsageRecord]) -> None:
        """Add messages, each after the one that it answers, and what they cost; with the commit.

        Raises:
            TooLargeForDatabase: a message does not fit into a statement.
        """
        largest = max((len(message.content) + len(message.metadata) for message in messages), default=0)
        self._session.require_room("chat message", 4 * largest)
        self._session.later_insert(chat_messages, MessageRecord._fields, list(messages))
        self._session.later_insert(chat_message_usage, UsageRecord._fields, list(usage))

    def change(self, record: MessageRecord) -> None:
        """Replace every column of a message but what it answers, with the commit."""
        new = {f"new_{name}": value for name, value in record._asdict().items() if name not in ("id", "answers")}
        self._session.later(_CHANGE, rows=1, message=record.id, **new)

    def link(self, message_id: int, question_id: int) -> None:
        """Store which message one answers, unless it is known, with the commit."""
        self._session.later(_LINK, message=message_id, question=question_id)

    def get(self, ids: Iterable[int]) -> dict[int, MessageRecord]:
        """The messages with these ids."""
        found = {}
        for params in id_params(ids):
            for row in self._session.rows(_get(len(params)), **params):
                found[row[0]] = MessageRecord(*row)
        return found

    def usage(self, ids: Iterable[int]) -> dict[int, list[UsageRecord]]:
        """The usage of the messages with these ids."""
        found: dict[int, list[UsageRecord]] = {}
        for params in id_params(ids):
            for row in self._session.rows(_usage(len(params)), **params):
                found.setdefault(row[0], []).append(UsageRecord(*row))
        return found

    def highest(self) -> int:
        """The highest id of a message; 0 if there is none."""
        return int(self._session.rows(_HIGHEST)[0][0] or 0)

    def ids_after(self, after: int, *, limit: int) -> list[tuple[int, int]]:
        """The ids of messages after an id, each with the time of the message."""
        return [(row[0], row[1]) for row in self._session.rows(_AFTER, after=after, limit=limit)]


@cache
def _get(size: int) -> Select[Any]:
    columns = [chat_messages.c[name] for name in MessageRecord._fields]
    return select(*columns).where(chat_messages.c.id.in_(id_marks(size)))


@cache
def _usage(size: int) -> Select[Any]:
    columns = [chat_message_usage.c[name] for name in UsageRecord._fields]
    return select(*columns).where(chat_message_usage.c.message_id.in_(id_marks(size))).order_by(chat_message_usage.c.id)
