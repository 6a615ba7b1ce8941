"""Checks of chat logs (L33, L34)."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from heapq import heappush, heapreplace
from operator import itemgetter
from typing import Any, NamedTuple

from backfill.checks.base import Check, check
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Finding
from backfill.scanning.key_index import KeyIndex, number_of
from backfill.scanning.scope import FIRST_COUNTED, RowKeys, Scope

# Two inserts of one exchange end in either order within this time.
RACE_SECONDS = 1
# One exchange in two logs.
SAME_SECONDS = 10
# A question of an exchange that was logged when its answer was there.
ANSWER_SECONDS = 120
# The move reads a log by its key, and takes the earliest of so many rows next.
WINDOW_ROWS = 1_000
# Of one text within these seconds, this many messages are compared with each other.
MAX_NEIGHBOURS = 16
TEXTS = ("content", "question", "answer")
MERGED = "merged into the other log"
NOT_MERGED = "may come over twice: the keys of {} do not run in the order of time"


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
        # Rows that another log has too, with the later tables of which one of the two is read late: none if they merge.
        found: dict[tuple[int, int], set[int]] = {}
        late_rows: set[int] | None = None
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
                        if late_rows is None:
                            late_rows = self._late_rows()
                        later = max(one, other, key=self._places.__getitem__)
                        late = {self._places[each] for each in (one, other) if each in late_rows}
                        row = self._places[later], self._rows[later]
                        found[row] = min(found.get(row, late), late, key=len)
        for (place, key), late in sorted(found.items(), key=itemgetter(0)):
            names = " and ".join(f"`{self._tables[each]}`" for each in sorted(late))
            note = NOT_MERGED.format(names) if late else MERGED
            yield self.finding(self._tables[place], self._keys.text(key), note=note)

    def _late_rows(self) -> set[int]:
        """Texts whose rows the move reads, by their keys, when it has forgotten what other logs have of their time."""
        late: set[int] = set()
        for place, name in enumerate(self._tables):
            texts = [text for text, table in enumerate(self._places) if table == place]
            window: list[int] = []
            reached = 0
            for text in sorted(texts, key=self._key_order(name, texts)):
                at = self._times[text]
                if len(window) < WINDOW_ROWS:
                    heappush(window, at)
                else:
                    reached = max(reached, heapreplace(window, at))
                if reached - at > ANSWER_SECONDS:
                    late.add(text)
        return late

    def _key_order(self, name: str, texts: Sequence[int]) -> Callable[[int], Any]:
        """What the texts of a table are sorted by to come as the keys of their rows do."""
        if len(next(table for table in self.scope.tables if table.name == name).key_columns) > 1:
            return lambda text: [(not part.isdecimal(), part.zfill(20)) for part in self._shown(text).split("/")]
        if all(self._rows[text] < FIRST_COUNTED for text in texts):
            return self._rows.__getitem__
        return self._shown

    def _shown(self, text: int) -> str:
        return self._keys.text(self._rows[text])


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
