"""The order of a batch of chat rows: a question that was stored right after its answer comes before it (L33)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backfill.checks.chat import RACE_SECONDS
from backfill.domains.base import BackfillContext
from backfill.domains.chat_logs.log_rows import TARGET, LogRow
from backfill.translate.row_keys import row_key, whole_key
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
        size += row.size
    if batch:
        yield batch


def in_reading_order(context: BackfillContext, rows: list[LogRow]) -> list[LogRow]:
    """The rows of a batch, questions before their answers."""
    tables = context.tables_for(TARGET)
    # The rows that move, with their new places.
    moved: dict[int, float] = {}
    # Of each thread the last row with one message and a time of its own: its place, its role, and the role before it.
    last: dict[tuple[Any, ...], tuple[int, str, str | None]] = {}
    for place, row in enumerate(rows):
        chat = row.chat
        if not chat.exact or len(chat.texts) != 1:
            continue
        role, script, user = chat.texts[0].role, chat.script, chat.user
        thread = (
            row.table,
            script if script.__class__ is int else _key(script),
            user if user.__class__ is int else _key(user),
        )
        answer, last_role, before = last.get(thread, (0, None, None))
        if (
            last_role == "assistant"
            and role == "user"
            and before != "user"
            and abs(rows[answer].chat.at - chat.at) <= RACE_MICROSECONDS
            and decision(context.mapping, tables[row.table], "L33", rows[answer].finding)[0] == "repair"
        ):
            moved[place] = moved.get(answer, answer) - 0.5
        last[thread] = place, role, last_role
    if not moved:
        return rows
    return [rows[place] for place in sorted(range(len(rows)), key=lambda place: moved.get(place, place))]


def _key(value: Any) -> Any:
    """A key as others compare it: the same for a number and its digits."""
    if value is None:
        return None
    number = whole_key(value)
    return row_key((value,)) if number is None else number
