"""The order of a batch of chat rows: a question that was stored right after its answer comes before it (L33)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backfill.checks.chat import RACE_SECONDS
from backfill.domains.base import BackfillContext
from backfill.domains.chat_logs.log_rows import TARGET, LogRow
from backfill.translate.row_keys import row_key
from backfill.translate.source_rows import decision

RACE_MICROSECONDS = RACE_SECONDS * 1_000_000
MAX_BATCH_ROWS = 4_000
MAX_BATCH_CHARACTERS = 2 << 20


def batches(rows: Iterator[LogRow]) -> Iterator[list[LogRow]]:
    """Rows in lists that fit a transaction; those of one moment stay together, unless there are very many."""
    batch: list[LogRow] = []
    size = 0
    for row in rows:
        is_full = len(batch) >= MAX_BATCH_ROWS or size >= MAX_BATCH_CHARACTERS
        is_race = batch and abs(row.chat.at - batch[-1].chat.at) <= RACE_MICROSECONDS
        if is_full and (not is_race or len(batch) >= 2 * MAX_BATCH_ROWS or size >= 2 * MAX_BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += sum(len(text.content) for text in row.chat.texts)
    if batch:
        yield batch


def in_reading_order(context: BackfillContext, rows: list[LogRow]) -> list[LogRow]:
    """The rows of a batch, questions before their answers."""
    tables = context.tables_for(TARGET)
    places = {id(row): float(place) for place, row in enumerate(rows)}
    # Of each thread the last row, and the role before it.
    last: dict[tuple[int, str, str], tuple[LogRow, str | None]] = {}
    for row in rows:
        if (role := _role(row)) is None:
            continue
        thread = (row.table, _key(row.chat.script), _key(row.chat.user))
        answer, before = last.get(thread, (None, None))
        if (
            answer is not None
            and role == "user"
            and _role(answer) == "assistant"
            and before != "user"
            and abs(answer.chat.at - row.chat.at) <= RACE_MICROSECONDS
            and decision(context.mapping, tables[row.table], "L33", answer.finding)[0] == "repair"
        ):
            places[id(row)] = places[id(answer)] - 0.5
        last[thread] = row, None if answer is None else _role(answer)
    return sorted(rows, key=lambda row: places[id(row)])


def _role(row: LogRow) -> str | None:
    """Who speaks in a row with one message and a time of its own."""
    return row.chat.texts[0].role if row.chat.exact and len(row.chat.texts) == 1 else None


def _key(value: Any) -> str:
    return "" if value is None else row_key((value,))
