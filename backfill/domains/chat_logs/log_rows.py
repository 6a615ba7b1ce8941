"""The rows of all chat tables as one log, merged by time.

A table is read in pages by its key, so no row is passed over when others are deleted, and its rows are sorted by time
within a window: ids are nearly in the order of time, and no legacy table has an index for it. The place in a table is
the key up to which every row is done, with the rows after it that are done already.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping
from itertools import takewhile
from typing import NamedTuple

from backfill.checks.chat import WINDOW_ROWS
from backfill.domains.base import BackfillContext
from backfill.domains.flat.duplicates import repeated_keys
from backfill.domains.flat.first_time import first_time
from backfill.domains.flat.read_ahead import Requests, read_ahead
from backfill.translate.chat import ChatRow, ChatTranslator
from backfill.translate.checkpoints import decode_key, encode_key
from backfill.translate.source_rows import KEY_REPEATED, Problem
from repos.legacy.connection import Row
from repos.legacy.rows import read_pages

TARGET = "chat_messages"
WINDOW_CHARACTERS = 4 << 20


class LogRow(NamedTuple):
    """A translated row of a chat table; `table` is the place of the table among the chat tables.

    `finding` is the key that decisions of the mapping name, `last` the time of the last row up to this one that has
    one, `number` counts the rows as they were read, and `size` is the number of characters of its texts. `overtaken_at`
    is the time of the row that was read before one that too many others have overtaken: a mistyped year takes its place
    among its neighbours.
    """

    table: int
    place: Row
    key: str
    hash: bytes
    finding: Row
    chat: ChatRow
    last: int | None
    number: int
    size: int
    overtaken_at: int | None = None

    @property
    def log_time(self) -> int:
        """The time by which the row has its place in the log of all tables."""
        return self.chat.at if self.overtaken_at is None else self.overtaken_at


class TablePlace(NamedTuple):
    """How far a table is: the place and the time of the last row before which all are done, and those done after it."""

    place: bytes = b""
    last: int | None = None
    done: tuple[bytes, ...] = ()


class TableProgress:
    """Which of the rows that were read from a table are done."""

    def __init__(self, start: TablePlace) -> None:
        self._start = start
        self._known = set(start.done)
        self._read: dict[int, tuple[Row, int | None]] = {}
        self._done: set[int] = set()

    def is_new(self, row: LogRow) -> bool:
        """Remember a row that was read; returns whether it is still to be done."""
        self._read[row.number] = row.place, row.last
        if not self._known or (place := encode_key(row.place)) not in self._known:
            return True
        self._known.discard(place)
        self._done.add(row.number)
        return False

    def after(self, numbers: Collection[int]) -> TablePlace:
        """The place once these rows are done as well."""
        done: list[bytes] = []
        reached: tuple[Row, int | None] | None = None
        is_gapless = True
        for number, (key, time) in self._read.items():
            if number not in self._done and number not in numbers:
                is_gapless = False
            elif is_gapless:
                reached = key, time
            else:
                done.append(encode_key(key))
        # Those that were done before and are not read again yet stay in the list.
        place, last = self._start[:2] if reached is None else (encode_key(reached[0]), reached[1])
        return TablePlace(place, last, (*done, *sorted(self._known)))

    def finish(self, numbers: Collection[int]) -> None:
        """Mark rows as done, after their commit."""
        self._done.update(numbers)
        finished = list(takewhile(self._done.__contains__, self._read))
        for number in finished:
            last = self._read.pop(number)
        self._done.difference_update(finished)
        if finished:
            self._start = TablePlace(encode_key(last[0]), last[1])


def log_rows(
    context: BackfillContext,
    progress: Mapping[str, TableProgress],
    places: Mapping[str, TablePlace],
    requests: Requests | None = None,
) -> Iterator[LogRow]:
    """The rows after some places, in the order of time."""
    tables = []
    for number, table in enumerate(context.tables_for(TARGET)):
        known = progress[table.name]
        rows = table_rows(context, number, places.get(table.name, TablePlace()), requests)
        tables.append(sorted_in_window(rows, known))
    return heapq.merge(*tables, key=lambda row: (row.log_time, row.table))


def sorted_in_window(rows: Iterator[LogRow], progress: TableProgress) -> Iterator[LogRow]:
    """Always the earliest row of a window; one that as many others have overtaken comes next, whatever its time is."""
    window: dict[int, LogRow] = {}
    order: list[tuple[int, int]] = []
    size, newest, reached, is_end = 0, 0, 0, False
    while True:
        while not is_end and len(window) < WINDOW_ROWS and size < WINDOW_CHARACTERS:
            row = next(rows, None)
            if row is None:
                is_end = True
            else:
                newest = row.number
                if progress.is_new(row):
                    window[row.number] = row
                    heapq.heappush(order, (row.chat.at, row.number))
                    size += row.size
        if not window:
            return
        oldest = next(iter(window))
        is_overtaken = newest - oldest >= 2 * WINDOW_ROWS
        if is_overtaken:
            number = oldest
        else:
            while (number := heapq.heappop(order)[1]) not in window:
                pass
            reached = window[number].chat.at
        row = window.pop(number)
        size -= row.size
        yield row._replace(overtaken_at=min(reached, row.chat.at)) if is_overtaken else row


def table_rows(
    context: BackfillContext, number: int, start: TablePlace, requests: Requests | None = None
) -> Iterator[LogRow]:
    """The rows of one table after a place, in the order of its key; the next ones while the caller waits."""
    for page in read_ahead(_pages(context, number, start), requests):
        yield from page


def _pages(context: BackfillContext, number: int, start: TablePlace) -> Iterator[list[LogRow]]:
    table = context.tables_for(TARGET)[number]
    translator = ChatTranslator(table, context.mapping, context.hash_key)
    reader, after = translator.reader, decode_key(start.place)
    has_key = bool(table.table.key)
    numbered = not has_key and not table.table.has_rowid
    is_repeated = repeated_keys(context, table)
    translator.times.last, is_begun = start.last, after is not None
    counted = 0
    for page in read_pages(context.source, table.table, reader.columns, after=None if numbered else after):
        if not is_begun:
            translator.times.last, is_begun = first_time(context.source, reader, page), True
        rows = []
        for place, values in page:
            if numbered and after is not None and place[0] <= after[0]:
                continue
            counted += 1
            chat = translator.translate(values)
            finding = place if has_key else reader.finding_key(values)
            key, digest = reader.key(values), reader.hash(values)
            if is_repeated(key):
                chat = chat._replace(texts=(), problem=Problem("L40", KEY_REPEATED))
            texts = chat.texts
            size = len(texts[0].content) if len(texts) == 1 else sum(len(text.content) for text in texts)
            rows.append(LogRow(number, place, key, digest, finding, chat, translator.times.last, counted, size))
        yield rows
        del page, rows  # or they would stay while the next ones are read
