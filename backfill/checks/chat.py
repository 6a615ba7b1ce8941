"""Checks of chat logs (L33, L34)."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from backfill.checks.base import Check, check
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Finding
from backfill.scanning.key_index import KeyIndex, number_of
from backfill.scanning.scope import RowKeys, Scope

# Two inserts of one exchange end in either order within this time.
RACE_SECONDS = 1
# One exchange in two logs.
SAME_SECONDS = 10
# A question of an exchange that was logged when its answer was there.
ANSWER_SECONDS = 120
# Of one text within these seconds, this many messages are compared with each other.
MAX_NEIGHBOURS = 16
TEXTS = ("content", "question", "answer")


class _Message(NamedTuple):
    thread: tuple[Any, ...]
    role: str | None
    at: str | None
    key: str


@check
class AnswerFirst(Check):
    """Rows come by script, user and time."""

    code = "L33"
    title = "answers stored before their question"
    decision = "repair"

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._before: _Message | None = None
        self._last: _Message | None = None

    def batch(self, batch: Batch) -> Iterator[Finding]:
        if batch.table.target != "chat_messages" or "role" not in batch:
            return
        names = ("script_id", "user_id", "role", "created_at")
        for place, (script, user, role, at) in enumerate(zip(*map(batch.field, names), strict=True)):
            message = _Message((batch.table.name, script, user), role, at, batch.key(place))
            last, before = self._last, self._before
            if (
                role == "user"
                and last is not None
                and last.role == "assistant"
                and last.thread == message.thread
                and (before is None or before.thread != last.thread or before.role != "user")
                and _seconds_apart(last.at, at) <= RACE_SECONDS
            ):
                yield self.finding(batch.table, last.key, batch.table.column("role"))
            self._before, self._last = last, message


@check
class LoggedTwice(Check):
    before_saves = True
    code = "L34"
    title = "one exchange in several logs"
    decision = "repair"

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._tables = [table.name for table in scope.tables_for("chat_messages")]
        self._index = KeyIndex()
        self._rows, self._places, self._times = array("q"), array("b"), array("q")
        self._latest = array("q")  # how late the other log may have it
        self._keys = RowKeys()

    def batch(self, batch: Batch) -> Iterator[Finding]:
        if batch.table.target != "chat_messages" or len(self._tables) < 2:
            return
        table = self._tables.index(batch.table.name)
        times, scripts = batch.field("created_at"), batch.field("script_id")
        for field in TEXTS:
            if field not in batch:
                continue
            for place, text in enumerate(batch.field(field)):
                if isinstance(text, str) and text and (at := _second(times[place])) is not None:
                    self._index.add(number_of(scripts[place], text.strip()), len(self._rows))
                    self._rows.append(self._keys.number(batch.key(place)))
                    self._places.append(table)
                    self._times.append(at)
                    self._latest.append(ANSWER_SECONDS if field == "question" else SAME_SECONDS)
        yield from ()

    def relations(self) -> Iterator[Finding]:
        found: set[tuple[int, int]] = set()
        for group in self._index.groups():
            # In the order of time, so that each is compared with its neighbours alone.
            in_order = sorted(group, key=self._times.__getitem__)
            first = 0
            for number, one in enumerate(in_order):
                while self._times[one] - self._times[in_order[first]] > ANSWER_SECONDS:
                    first += 1
                for other in in_order[max(first, number - MAX_NEIGHBOURS) : number]:
                    is_near = self._times[one] - self._times[other] <= self._latest[one]
                    if is_near and self._places[one] != self._places[other]:
                        later = max(one, other, key=self._places.__getitem__)
                        found.add((self._places[later], self._rows[later]))
        for place, row in sorted(found):
            yield self.finding(self._tables[place], self._keys.text(row), note="merged into the other log")


def _second(at: Any) -> int | None:
    if not isinstance(at, str):
        return None
    try:
        return int(datetime.fromisoformat(at + "+00:00").timestamp())
    except ValueError:
        return None


def _seconds_apart(one: Any, other: Any) -> float:
    first, second = _second(one), _second(other)
    return abs(first - second) if first is not None and second is not None else float("inf")
