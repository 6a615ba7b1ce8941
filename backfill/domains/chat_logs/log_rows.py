"""The rows of all chat tables as one log: each table in the order of its key, the tables merged by time.

A table is read in pages by its key, so the log can be continued after any row, and no row is passed over when others
are deleted.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from backfill.domains.base import BackfillContext
from backfill.translate.chat import ChatRow, ChatTranslator
from backfill.translate.checkpoints import decode_key
from repos.legacy.connection import Row
from repos.legacy.rows import read_pages

TARGET = "chat_messages"


class LogRow(NamedTuple):
    """A translated row of a chat table; `table` is the place of the table among the chat tables.

    `finding` is the key that decisions of the mapping name, and `last` the time of the last row up to this one that has
    one.
    """

    table: int
    place: Row
    key: str
    hash: bytes
    finding: Row
    chat: ChatRow
    last: int | None


class TablePlace(NamedTuple):
    """How far a table is read: the place of the last row, and its time."""

    place: bytes = b""
    last: int | None = None


def log_rows(context: BackfillContext, places: Mapping[str, TablePlace]) -> Iterator[LogRow]:
    """The rows after some places."""
    tables = (
        table_rows(context, number, places.get(table.name, TablePlace()))
        for number, table in enumerate(context.tables_for(TARGET))
    )
    return heapq.merge(*tables, key=lambda row: (row.chat.at, row.table))


def table_rows(context: BackfillContext, number: int, start: TablePlace) -> Iterator[LogRow]:
    """The rows of one table after a place, in the order of its key."""
    table = context.tables_for(TARGET)[number]
    translator = ChatTranslator(table, context.mapping, context.hash_key)
    reader, after = translator.reader, decode_key(start.place)
    has_key = bool(table.table.key)
    numbered = not has_key and not table.table.has_rowid
    translator.times.last = start.last if after is not None else _first_time(context, translator)
    for page in read_pages(context.source, table.table, reader.columns, after=None if numbered else after):
        for row in page:
            if numbered and after is not None and row.key[0] <= after[0]:
                continue
            chat = translator.translate(row.values)
            finding = row.key if has_key else reader.finding_key(row.values)
            key, digest = reader.key(row.values), reader.hash(row.values)
            yield LogRow(number, row.key, key, digest, finding, chat, translator.times.last)


def _first_time(context: BackfillContext, translator: ChatTranslator) -> int | None:
    """The first time that a row of the table has, for rows before it that have none."""
    table = translator.reader.table
    if table.column("created_at") is not None:
        for page in read_pages(context.source, table.table, translator.reader.columns):
            for row in page:
                if (at := translator.created(row.values)[0]) is not None:
                    return at
    return None
