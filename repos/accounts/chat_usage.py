"""Table chat_message_usage: the cost of each model call, by the message it led to; one row per call."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, func, insert, select

from domain.chat import Usage, check_usage
from repos.database.session import Session
from repos.schema.account_tables import chat_message_usage, chat_messages


class UsageTotal(NamedTuple):
    """Totals for the calls of one model; an unknown value counts as 0."""

    model: str
    currency: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost_micros: int


_ADD = insert(chat_message_usage).values(
    message_id=bindparam("message"),
    model=bindparam("model"),
    tokens_in=bindparam("tokens_in"),
    tokens_out=bindparam("tokens_out"),
    cost_micros=bindparam("cost_micros"),
    currency=bindparam("currency"),
    latency_ms=bindparam("latency_ms"),
    recorded_at=bindparam("now"),
)
_OF_MESSAGE = (
    select(
        chat_message_usage.c.model,
        chat_message_usage.c.tokens_in,
        chat_message_usage.c.tokens_out,
        chat_message_usage.c.cost_micros,
        chat_message_usage.c.currency,
        chat_message_usage.c.latency_ms,
    )
    .where(chat_message_usage.c.message_id == bindparam("message"))
    .order_by(chat_message_usage.c.id)
)
_TOTALS = (
    select(
        chat_message_usage.c.model,
        chat_message_usage.c.currency,
        func.count(),
        func.coalesce(func.sum(chat_message_usage.c.tokens_in), 0),
        func.coalesce(func.sum(chat_message_usage.c.tokens_out), 0),
        func.coalesce(func.sum(chat_message_usage.c.cost_micros), 0),
    )
    .select_from(chat_message_usage.join(chat_messages))
    .where(chat_messages.c.script_id == bindparam("script"))
    .group_by(chat_message_usage.c.model, chat_message_usage.c.currency)
    .order_by(chat_message_usage.c.model, chat_message_usage.c.currency)
)


class ChatUsage:
    """The cost of the models used in the chat."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, message_id: int, usage: Usage, now: int) -> int:
        """Store the cost of one call; returns the id of its row.

        Raises:
            Rejected: the usage is invalid.
        """
        check_usage(usage)
        return self._session.insert(
            _ADD,
            message=message_id,
            model=usage.model,
            tokens_in=usage.tokens_in,
            tokens_out=usage.tokens_out,
            cost_micros=usage.cost_micros,
            currency=usage.currency,
            latency_ms=usage.latency_ms,
            now=now,
        )

    def of_message(self, message_id: int) -> list[Usage]:
        """The calls that led to a message, in order."""
        return [
            Usage(model=model, tokens_in=sent, tokens_out=came, cost_micros=cost, currency=currency, latency_ms=took)
            for model, sent, came, cost, currency, took in self._session.rows(_OF_MESSAGE, message=message_id)
        ]

    def totals(self, script_id: int) -> list[UsageTotal]:
        """The cost of the chat about a script, by model."""
        rows = self._session.rows(_TOTALS, script=script_id)
        return [UsageTotal(model, currency, *map(int, sums)) for model, currency, *sums in rows]
