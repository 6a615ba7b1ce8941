"""Rows of scripts that the source does not have: each is set aside."""

from __future__ import annotations

import time
from collections.abc import Iterator

from backfill.domains.base import BackfillContext, Counts, ItemWork
from backfill.domains.flat.other_spellings import with_spelling
from backfill.domains.flat.references import script_owners
from backfill.mapping.mapped_table import MappedTable
from backfill.translate.checkpoints import decode_key, encode_key
from backfill.translate.row_keys import row_key
from backfill.translate.source_rows import decision
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.legacy.connection import Row
from repos.legacy.rows import read_pages

TARGETS = ("versions", "commands", "lines")
NO_SCRIPT = "Its script does not exist."


def migrate_orphans(work: ItemWork, table: MappedTable) -> bool:
    """Set the rows of a table aside whose script does not exist; returns whether all were looked at."""
    for place, rows in _orphans(work.context, table, decode_key(work.checkpoint)):
        aside, skipped = [], 0
        for script, *key in rows:
            do, _ = decision(work.context.mapping, table, "L05", tuple(key))
            if do == "skip":
                skipped += 1
            else:
                reason = with_spelling(work.context, "scripts", script, NO_SCRIPT)
                aside.append(QuarantinedRow(table.name, row_key(key), "L05", reason, table.column("script_id")))
        with work.context.unit_of_work.records() as tx:
            counts = {table.name: Counts(quarantined=len(aside), skipped=skipped)} if rows else {}
            work.record(tx, encode_key(place), counts, aside)
        work.committed()
        if time.monotonic() >= work.deadline:
            return False
    return True


def _orphans(context: BackfillContext, table: MappedTable, after: Row | None) -> Iterator[tuple[Row, list[Row]]]:
    """The place reached, and rows without a script, a page at a time: what they name, and their keys."""
    scripts = script_owners(context)
    column = str(table.column("script_id"))
    described = table.table
    numbered = not described.key and not described.has_rowid
    columns = [column, *table.key_columns]
    for page in read_pages(context.source, described, columns, after=None if numbered else after):
        rows = page if not numbered or after is None else [row for row in page if row.key > after]
        if rows:
            yield rows[-1].key, [row.values for row in rows if row.values[0] not in scripts]
