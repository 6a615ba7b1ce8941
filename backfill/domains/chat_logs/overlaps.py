"""Overlaps of chat logs: a text that another table logged within seconds, in the same script, is one message (L34).

Only the messages of the last minutes are remembered, and they are part of the checkpoint.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from backfill.checks.chat import ANSWER_SECONDS, SAME_SECONDS
from backfill.domains.chat_logs.log_rows import LogRow
from backfill.translate.chat import ChatText
from backfill.translate.row_keys import row_key

SAME_MICROSECONDS = SAME_SECONDS * 1_000_000
ANSWER_MICROSECONDS = ANSWER_SECONDS * 1_000_000
# A log without times says everything in one moment.
MAX_REMEMBERED = 20_000
MIN_REMEMBERED = 100


class RecentMessage(msgspec.Struct, array_like=True):
    """One message that came over: its table, its time, its id with us, and the tables that logged it too."""

    text: bytes
    table: int
    at: int
    user: str | None
    message: int
    also: list[int] = []


class Overlaps:
    """The messages of the last minutes."""

    def __init__(self, hash_key: bytes, recent: list[RecentMessage] | None = None) -> None:
        self._hash_key = hash_key
        self._order: deque[RecentMessage] = deque()
        self._by_text: dict[bytes, list[RecentMessage]] = {}
        for each in recent or []:
            self._remember(each)

    def copy(self) -> Overlaps:
        """The same, to be changed while a batch is tried."""
        recent = [msgspec.structs.replace(each, also=list(each.also)) for each in self._order]
        return Overlaps(self._hash_key, recent)

    def recent(self) -> list[RecentMessage]:
        """All of it, as a checkpoint stores it."""
        return list(self._order)

    def match(self, row: LogRow) -> list[RecentMessage] | None:
        """The messages of other tables that a row repeats, one for each of its texts; None if one of them is new."""
        found: list[RecentMessage] = []
        for number in range(len(row.chat.texts)):
            same = self.find(row, number, found)
            if same is None:
                return None
            found.append(same)
        for same in found:
            same.also.append(row.table)
        return found

    def find(self, row: LogRow, number: int, taken: Sequence[RecentMessage] = ()) -> RecentMessage | None:
        """The message of another table that a text of a row repeats; None if there is none."""
        text, user = row.chat.texts[number], _user(row)
        if not text.content.strip():
            return None
        return next(
            (
                each
                for each in self._by_text.get(self._fingerprint(row, text), ())
                if each.table != row.table
                and row.table not in each.also
                and is_near(each.at, row, number)
                and (each.user is None or user is None or each.user == user)
                and each not in taken
            ),
            None,
        )

    def add(self, row: LogRow, text: ChatText, message: int) -> None:
        """Remember a message."""
        if row.chat.exact and text.content.strip():
            recent = RecentMessage(self._fingerprint(row, text), row.table, row.chat.at, _user(row), message)
            self._remember(recent)
            self._forget(row.log_time - ANSWER_MICROSECONDS)

    def _remember(self, recent: RecentMessage) -> None:
        self._order.append(recent)
        self._by_text.setdefault(recent.text, []).append(recent)

    def _forget(self, before: int) -> None:
        # A single row with a time in the future makes none of the others old.
        while len(self._order) > MIN_REMEMBERED and (self._order[0].at < before or len(self._order) > MAX_REMEMBERED):
            recent = self._order.popleft()
            same = self._by_text[recent.text]
            same.remove(recent)
            if not same:
                del self._by_text[recent.text]

    def _fingerprint(self, row: LogRow, text: ChatText) -> bytes:
        return blake2b(msgspec.msgpack.encode(text_key(row, text)), digest_size=12, key=self._hash_key).digest()


def text_key(row: LogRow, text: ChatText) -> tuple[Any, ...]:
    """What two logs of one message have in common, but for its user and its time."""
    return row_key((row.chat.script,)), text.role, text.content.strip()


def is_near(at: int, row: LogRow, number: int) -> bool:
    """Whether a message of that time may be a text of a row: the question of an exchange is older than its answer."""
    is_question = number == 0 and len(row.chat.texts) > 1
    earliest = row.chat.at - (ANSWER_MICROSECONDS if is_question else SAME_MICROSECONDS)
    return earliest <= at <= row.chat.at + SAME_MICROSECONDS


def are_one(message: LogRow, row: LogRow, number: int) -> bool:
    """Whether a row with one text, and a text of another row that is equal, may be logs of one message."""
    one, other = _user(message), _user(row)
    is_of_both = one is None or other is None or one == other
    return message.table != row.table and is_near(message.chat.at, row, number) and is_of_both


def _user(row: LogRow) -> str | None:
    return None if row.chat.user is None else row_key((row.chat.user,))
