"""Rows of a flat table that are merged into others, after all rows came over: the key of each leads to the row kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from backfill.domains.base import Difference
from backfill.domains.flat.flat_table import FlatRow, FlatTable
from backfill.scanning.merged_users import Merge
from backfill.translate.accounts import Account, Repaired
from backfill.translate.row_keys import row_key
from backfill.translate.source_rows import Problem
from repos.backfill.legacy_keys import KeyRow
from repos.legacy.connection import Row
from repos.legacy.keyed_rows import KeyedReader
from repos.unit_of_work import RecordsTransaction

# The target of the key of a row that has become a part of another one.
MERGED = "merged_rows"
NO_KEPT_ROW = "The row that it is to be merged into does not exist, or did not come over."
CAME_ALONE = "The row came over for itself before the mapping merged it: only an empty ledger can merge it."
CAME_MERGED = "The row was merged into another one before: only an empty ledger can change that."
NOT_MERGED = "the row is not merged into the one that the mapping names"
CHANGED = "the row changed in the source since it was brought over"


class MergedRow(NamedTuple):
    """A row that is merged: its key and values, and the id of the row kept, or why it is set aside.

    `before` is what it became in an earlier run.
    """

    key: str
    finding: Row
    values: Row
    hash: bytes
    kept: int
    repaired: Repaired
    problem: Problem | None = None
    before: KeyRow | None = None


def merged_rows(flat: FlatTable, tx: RecordsTransaction, merges: Sequence[Merge]) -> Iterator[MergedRow]:
    """Those of the rows to merge that the source has."""
    table, reader = flat.table, flat.reader
    wanted = list({(value,): None for each in merges for value in each})
    found = KeyedReader(flat.context.source, table.table, table.key_columns, reader.columns).read(wanted)
    rows = {key: row for key, row in zip(wanted, found, strict=True) if row is not None}
    known = tx.legacy_keys.find(table.name, map(row_key, wanted))
    for each in merges:
        if (row := rows.get((each.user,))) is None:
            continue
        key, before = row_key((each.user,)), known.get(row_key((each.user,)))
        kept, into = known.get(row_key((each.into,))), rows.get((each.into,))
        problem = None
        if kept is None or kept.target != flat.target or into is None:
            problem = Problem("L14", NO_KEPT_ROW, table.column("id"))
        elif (reason := flat.unfit_merge(row, into)) is not None:
            problem = Problem("L14", reason, table.column("email"))
        elif before is not None and (before.target, before.our_id) != (MERGED, kept.our_id):
            problem = Problem("merged_before" if before.target == MERGED else "came_alone", _came(before))
        our_id = 0 if kept is None else kept.our_id
        repaired = flat.kept_of_merged(row)
        yield MergedRow(key, (each.user,), row, reader.hash(row), our_id, repaired, problem, before)


def _came(before: KeyRow) -> str:
    return CAME_MERGED if before.target == MERGED else CAME_ALONE


def as_merged_before(row: FlatRow, before: KeyRow | None) -> FlatRow:
    """A row that is not merged any more: what an earlier run made of it cannot be taken back."""
    if before is None or before.target != MERGED:
        return row
    return row._replace(account=Account(problem=Problem("merged_before", CAME_MERGED)))


def prove_merged(flat: FlatTable, tx: RecordsTransaction, merges: Sequence[Merge]) -> tuple[int, list[Difference]]:
    """How many rows are merged, and those that the ledger does not have as the mapping says."""
    came, differences = 0, []
    for row in merged_rows(flat, tx, merges):
        came += row.before is not None
        if row.problem is not None:
            problem = NOT_MERGED if row.before is not None else None
        else:
            problem = NOT_MERGED if row.before is None else CHANGED if row.before.row_hash != row.hash else None
        if problem is not None:
            differences.append(Difference(flat.table.name, row.key, problem))
    return came, differences
