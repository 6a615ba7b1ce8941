"""Table chat_messages: each message, the message it answers, and its script. The content never changes."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, insert, select, update

from domain.chat import ChatMessage, check_annotation, check_message
from domain.errors import Corrupt
from repos.database.session import Session
from repos.database.statements import Row
from repos.schema.account_tables import chat_messages


class ChatRow(NamedTuple):
    """A stored message; `created_at` is microseconds since 1970 UTC."""

    id: int
    message: ChatMessage
    created_at: int


_ADD = insert(chat_messages).values(
    script_id=bindparam("script"),
    user_id=bindparam("user"),
    answers=bindparam("answered"),
    role=bindparam("role"),
    intent=bindparam("intent"),
    content=bindparam("content"),
    metadata=bindparam("noted"),
    created_at=bindparam("now"),
)
_GET = select(*chat_messages.c).where(chat_messages.c.id == bindparam("message"))
_ANSWERS = (
    select(*chat_messages.c)
    .where(chat_messages.c.answers == bindparam("message"))
    .order_by(chat_messages.c.id)
    .limit(bindparam("limit"))
)
_OF_SCRIPT = (
    select(*chat_messages.c)
    .where(chat_messages.c.script_id == bindparam("script"), chat_messages.c.id > bindparam("after"))
    .order_by(chat_messages.c.id)
    .limit(bindparam("limit"))
)
_LAST_OF_SCRIPT = (
    select(*chat_messages.c)
    .where(chat_messages.c.script_id == bindparam("script"), chat_messages.c.id < bindparam("before"))
    .order_by(chat_messages.c.id.desc())
    .limit(bindparam("limit"))
)
_OF_USER = (
    select(*chat_messages.c)
    .where(chat_messages.c.user_id == bindparam("user"), chat_messages.c.id > bindparam("after"))
    .order_by(chat_messages.c.id)
    .limit(bindparam("limit"))
)
_ANNOTATE = (
    update(chat_messages)
    .where(chat_messages.c.id == bindparam("message"))
    .values(intent=bindparam("intent"), metadata=bindparam("noted"))
)
# Greater than the id of any message.
NEWEST = 1 << 62


class ChatMessages:
    """The chat of all scripts and users."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, message: ChatMessage, now: int) -> int:
        """Store a message; returns its id.

        Raises:
            Rejected: the message is invalid, or larger than the database accepts.
        """
        check_message(message)
        noted = msgspec.json.encode(message.metadata).decode()
        self._session.require_room("chat message", 4 * (len(message.content) + len(noted)))
        return self._session.insert(
            _ADD,
            script=message.script_id,
            user=message.user_id,
            answered=message.answers,
            role=message.role,
            intent=message.intent,
            content=message.content,
            noted=noted,
            now=now,
        )

    def get(self, message_id: int) -> ChatRow | None:
        rows = self._session.rows(_GET, message=message_id)
        return _to_row(rows[0]) if rows else None

    def answers(self, message_id: int, *, limit: int = 100) -> list[ChatRow]:
        """The answers to a message, oldest first."""
        return [_to_row(row) for row in self._session.rows(_ANSWERS, message=message_id, limit=limit)]

    def read(self, script_id: int, *, after: int = 0, limit: int = 100) -> list[ChatRow]:
        """The chat about a script after a message id, oldest first."""
        return [_to_row(row) for row in self._session.rows(_OF_SCRIPT, script=script_id, after=after, limit=limit)]

    def last(self, script_id: int, *, before: int = NEWEST, limit: int = 100) -> list[ChatRow]:
        """The newest messages about a script before a message id, oldest first."""
        rows = self._session.rows(_LAST_OF_SCRIPT, script=script_id, before=before, limit=limit)
        return [_to_row(row) for row in reversed(rows)]

    def of_user(self, user_id: int, *, after: int = 0, limit: int = 100) -> list[ChatRow]:
        """The messages of a user after a message id, oldest first."""
        return [_to_row(row) for row in self._session.rows(_OF_USER, user=user_id, after=after, limit=limit)]

    def annotate(self, message_id: int, *, intent: str | None, metadata: dict[str, Any]) -> bool:
        """Replace the intent and metadata of a message; returns whether the message exists.

        Raises:
            Rejected: the intent or the metadata is invalid.
        """
        check_annotation(intent, metadata)
        noted = msgspec.json.encode(metadata).decode()
        return self._session.run(_ANNOTATE, message=message_id, intent=intent, noted=noted) == 1


def _to_row(row: Row) -> ChatRow:
    number, script_id, user_id, answers, role, intent, content, noted, created_at = row
    try:
        metadata = msgspec.json.decode(noted, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise Corrupt(f"the metadata of chat message {number} cannot be read: {error}") from error
    message = ChatMessage(
        role=role,
        content=content,
        script_id=script_id,
        user_id=user_id,
        answers=answers,
        intent=intent,
        metadata=metadata,
    )
    return ChatRow(number, message, created_at)
