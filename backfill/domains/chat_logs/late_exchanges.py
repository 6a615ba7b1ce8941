"""Exchanges that were logged just before one of their messages come after it in the log (L34).

A table of questions with their answers gets a row when the answer is there, and so may a table of messages: whichever
comes first, both are one exchange.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Any

from backfill.domains.chat_logs.log_rows import LogRow
from backfill.domains.chat_logs.overlaps import MAX_REMEMBERED, SAME_MICROSECONDS, are_one, is_near, text_key

# Rows that wait after an exchange, and the characters of their texts.
MAX_HELD_ROWS = 1_000
MAX_HELD_CHARACTERS = 4 << 20


def after_their_messages(rows: Iterator[LogRow]) -> Iterator[LogRow]:
    """The rows of a log of several tables, each exchange after its answer in another table, if that is near."""
    held = _HeldRows()
    for row in rows:
        held.remember(row)
        if not held and not _is_exchange(row):
            yield row
            continue
        held.add(row)
        yield from held.released(row.log_time)
    yield from held.released(None)


class _HeldRows:
    """Exchanges whose answer may still come, and the rows after them."""

    def __init__(self) -> None:
        self._rows: deque[LogRow] = deque()
        self._characters = 0
        # The exchanges among them by their answers, and by their own places the message that each comes after.
        self._by_answer: dict[tuple[Any, ...], list[LogRow]] = {}
        self._follows: dict[tuple[int, int], LogRow | None] = {}
        # When a text was last a message; of each only the hash.
        self._written_at: OrderedDict[int, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def remember(self, row: LogRow) -> None:
        """Remember a message, which may be the question of a later exchange."""
        if len(row.chat.texts) == 1 and row.chat.exact:
            text = hash(text_key(row, row.chat.texts[0]))
            self._written_at[text] = row.chat.at
            self._written_at.move_to_end(text)
            if len(self._written_at) > MAX_REMEMBERED:
                self._written_at.popitem(last=False)

    def add(self, row: LogRow) -> None:
        self._rows.append(row)
        self._characters += row.size
        if _is_exchange(row):
            self._by_answer.setdefault(_answer_of(row), []).append(row)
            self._follows[_place(row)] = None
        elif len(row.chat.texts) == 1 and row.chat.exact:
            for exchange in self._by_answer.get(text_key(row, row.chat.texts[0]), ()):
                if are_one(row, exchange, len(exchange.chat.texts) - 1):
                    self._follows[_place(exchange)] = row

    def released(self, newest: int | None) -> Iterator[LogRow]:
        """The rows before the first exchange whose answer may still come; all of them if there is no newest row."""
        while self._rows:
            row = self._rows[0]
            is_old = newest is None or newest - row.log_time > SAME_MICROSECONDS
            if _place(row) not in self._follows:
                self._characters -= row.size
                yield self._rows.popleft()
            elif not is_old and not self._is_full():
                return
            else:
                self._rows.popleft()
                message = self._forget(row)
                # Without a message it is the next one.
                self._rows.insert(0 if message is None else self._rows.index(message) + 1, row)

    def _is_full(self) -> bool:
        return len(self._rows) > MAX_HELD_ROWS or self._characters > MAX_HELD_CHARACTERS

    def _forget(self, exchange: LogRow) -> LogRow | None:
        """Let an exchange go; returns the message that it comes after."""
        same = self._by_answer[_answer_of(exchange)]
        same.remove(exchange)
        if not same:
            del self._by_answer[_answer_of(exchange)]
        message = self._follows.pop(_place(exchange))
        written_at = self._written_at.get(hash(text_key(exchange, exchange.chat.texts[0])))
        return message if written_at is not None and is_near(written_at, exchange, 0) else None


def _is_exchange(row: LogRow) -> bool:
    return len(row.chat.texts) > 1 and row.chat.exact


def _answer_of(row: LogRow) -> tuple[Any, ...]:
    return text_key(row, row.chat.texts[-1])


def _place(row: LogRow) -> tuple[int, int]:
    return row.table, row.number
