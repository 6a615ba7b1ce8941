"""Scripts that share an id, or have none, where nothing in the source forbids it.

Nothing says whose saves are whose, so all of them are set aside, with their saves: the first row of an id as the
script that it is, the others here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from backfill.domains.base import BackfillContext, Counts, ItemWork
from backfill.domains.flat.duplicates import fingerprint, remembered, repeated
from backfill.mapping.mapped_table import MappedTable
from backfill.translate.checkpoints import decode_key, encode_key
from backfill.translate.row_keys import row_key
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.legacy.connection import Row
from repos.legacy.rows import read_pages

CODE = "L40"
SAME_ID = "Other scripts have the same id: nothing says whose saves these are."
NO_ID = "The script has no id."


def has_unique_ids(table: MappedTable) -> bool:
    """Whether the source itself keeps two rows from having the same id, and any from having none."""
    return table.table.key == (table.column("id"),)


def is_ambiguous(context: BackfillContext, table: MappedTable, script: Any) -> bool:
    """Whether several rows of a table have the id of a script."""
    return not has_unique_ids(table) and _mark(script) in _repeated(context, table)


def scripts_of(context: BackfillContext, table: MappedTable) -> Iterator[Any]:
    """The ids of the scripts of a table, each once."""
    found: set[int] = set()
    for script, _ in _ids(context, table):
        if script is None:
            continue
        if is_ambiguous(context, table, script):
            if _mark(script) in found:
                continue
            found.add(_mark(script))
        yield script


def migrate_ambiguous(work: ItemWork, table: MappedTable) -> bool:
    """Set aside the rows that share an id, and those without one; returns whether all were looked at.

    The saves of a shared id are set aside by its item.
    """
    context, done = work.context, decode_key(work.checkpoint)
    begin = 0 if done is None else done[0]
    aside: list[QuarantinedRow] = []
    count = 0
    for count, (script, key) in enumerate(_ids(context, table), 1):
        reason = NO_ID if script is None else ""
        if script is not None and is_ambiguous(context, table, script):
            reason = SAME_ID
        if reason and count > begin:
            aside.append(QuarantinedRow(table.name, row_key(key), CODE, reason, table.column("id")))
        if time.monotonic() >= work.deadline and aside:
            _record(work, table, count, aside)
            return False
    _record(work, table, count, aside)
    return True


def _record(work: ItemWork, table: MappedTable, count: int, aside: list[QuarantinedRow]) -> None:
    with work.context.unit_of_work.records() as tx:
        work.record(tx, encode_key((count,)), {table.name: Counts(quarantined=len(aside))} if aside else {}, aside)
    work.committed()


def _repeated(context: BackfillContext, table: MappedTable) -> frozenset[int]:
    scripts = (row_key([script]) for script, _ in _ids(context, table) if script is not None)
    return remembered(context, f"ids of {table.name}", lambda: repeated(scripts))


def _mark(script: Any) -> int:
    return fingerprint(row_key([script]))


def _ids(context: BackfillContext, table: MappedTable) -> Iterator[tuple[Any, Row]]:
    for page in read_pages(context.source, table.table, [str(table.column("id"))]):
        yield from ((row.values[0], row.key) for row in page)
