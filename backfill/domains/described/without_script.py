"""Rows that describe no script of ours: a persona of a user alone, and rows whose script does not exist.

Nothing of them can be in a log. They are kept as JSON in legacy_rows, or quarantined, as was decided.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from msgspec import Struct, msgpack

from backfill.domains.base import ItemWork
from backfill.domains.described.plan import NO_SCRIPT, PlannedRow, Plans, ReadRow, SourceTable, whole_row
from backfill.domains.described.saves import Tally, keep_rows, known_rows
from backfill.domains.flat.other_spellings import with_spelling
from backfill.translate.checkpoints import decode_key, encode_key


class Place(Struct):
    """The table that is being read, and the place of its last row that is done."""

    table: int = 0
    after: bytes = b""


def migrate_without_script(work: ItemWork, plans: Plans) -> bool:
    """Keep or quarantine the rows of an item, a page in each transaction; returns whether all are done."""
    place = msgpack.decode(work.checkpoint, type=Place) if work.checkpoint else Place()
    for number in range(place.table, len(plans.tables)):
        table = plans.tables[number]
        after = decode_key(place.after) if number == place.table else None
        for page in plans.rows(table, work.name, after):
            rows = list(without_script(plans, table, work.name, page))
            _write_page(work, Place(number, encode_key(page[-1].place)), rows)
            if time.monotonic() >= work.deadline:
                return False
    if not work.checkpoint:
        with work.context.unit_of_work.records() as tx:
            work.record(tx, msgpack.encode(place), {})
        work.committed()
    return True


def without_script(plans: Plans, table: SourceTable, name: str, rows: Sequence[ReadRow]) -> Iterator[PlannedRow]:
    """The fate of each row."""
    user = table.mapped.column("user_id")
    for row in rows:
        planned = plans.planned(table, row)
        described = planned._replace(described=None, quarantined=None, fate="keep")
        if name != NO_SCRIPT or table.mapped.target == "elements":
            column = table.script
            script = None if column is None else row.values[table.columns.index(column)]
            reason = with_spelling(plans.context, "scripts", script, "There is no such script.")
            yield plans.set_aside(table, described, row, "L05", reason, column=column)
        elif user is None or row.values[table.columns.index(user)] is None:
            reason = "The row has neither a script nor a user."
            yield plans.set_aside(table, described, row, "L06", reason, column=user)
        else:
            yield described._replace(kept=whole_row(table, row))


def _write_page(work: ItemWork, place: Place, rows: list[PlannedRow]) -> None:
    tally = Tally()
    tally.rows = rows
    with work.context.unit_of_work.records() as tx:
        known = known_rows(tx, rows)
        kept = [row for row in rows if row.fate == "keep"]
        tally.new = [row for row in kept if (row.table, row.key) not in known]
        changed = [row for row in kept if (row.table, row.key) in known]
        tally.changed = [row for row in changed if known[row.table, row.key].row_hash != row.hash]
        keep_rows(tx, tally, 0, work.context.clock())
        work.record(tx, msgpack.encode(place), tally.counts(), tally.quarantined())
    work.committed()
