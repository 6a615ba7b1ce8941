"""Slices of a flat table: batches of rows in key order, each written and recorded in one transaction.

A batch that the database refuses is split, down to the row, which is set aside with its own reason; its neighbours come
over. A row that is there already, with the same values, is not written again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import msgspec

from backfill.domains.base import BackfillContext, Counts, ItemWork
from backfill.domains.flat.flat_table import ROWS_PER_TRANSACTION, FlatRow, FlatTable, Position, batches
from backfill.domains.flat.merged_rows import MERGED, as_merged_before, merged_rows
from backfill.domains.flat.read_ahead import Requests, request_all
from backfill.kept_columns import columns_json
from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.finding import keyed_hash
from backfill.scanning.merged_users import Merge
from backfill.translate.accounts import Account, Repaired
from backfill.translate.checkpoints import encode_key
from backfill.translate.row_keys import row_key
from backfill.translate.source_rows import Problem
from domain.errors import Rejected
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.database.driver_errors import DriverError, DuplicateKey, blames_a_row
from repos.legacy.connection import Row
from repos.locked_scripts import LockedScript
from repos.unit_of_work import RecordsTransaction


def migrate(work: ItemWork, flat: FlatTable) -> bool:
    """Write rows until the deadline; returns whether all are done."""
    writer = _Writer(work, flat)
    for rows in batches(flat, writer.position, writer.requests):
        writer.write(rows)
        if time.monotonic() >= work.deadline:
            return False
    writer.finish()
    return True


class _Writer:
    """Writes the batches of one slice."""

    def __init__(self, work: ItemWork, flat: FlatTable) -> None:
        self._work, self._flat = work, flat
        self.requests: Requests = []
        if work.checkpoint:
            self.position = msgspec.msgpack.decode(work.checkpoint, type=Position)
        else:
            with work.context.unit_of_work.reading() as tx:
                self.position = Position(fresh=not tx.legacy_keys.count(flat.table.name))

    def write(self, rows: list[FlatRow]) -> None:
        """Write rows; if the database refuses them, each alone."""
        try:
            self._write_together(rows)
        except (DuplicateKey, Rejected, *DriverError) as error:
            if not isinstance(error, DuplicateKey | Rejected) and not blames_a_row(error):
                raise
            if len(rows) == 1:
                with self._work.context.unit_of_work.reading() as tx:
                    problem = self._flat.refusal(tx, rows[0])
                self._write_together([rows[0]._replace(account=Account(problem=problem))])
            else:
                half = len(rows) // 2
                self.write(rows[:half])
                self.write(rows[half:])

    def finish(self) -> None:
        """Merge the rows that are part of others, and record the end."""
        merges = self._flat.merges()
        while (start := self.position.merged) < len(merges):
            part = merges[start : start + ROWS_PER_TRANSACTION]
            self._merge(part, msgspec.structs.replace(self.position, merged=start + len(part)))
        with self._work.context.unit_of_work.records() as tx:
            self._work.record(tx, msgspec.msgpack.encode(self.position), {})
            self._flat.finish(tx, self.position)
        self._work.committed()

    def _write_together(self, rows: list[FlatRow]) -> None:
        flat, work = self._flat, self._work
        now = work.context.clock()
        position = self._after(rows)
        with work.context.unit_of_work.records() as tx:
            rows = flat.resolve(tx, rows)
            kept = [row for row in rows if row.account.record is not None]
            known = {} if self.position.fresh else tx.legacy_keys.find(flat.table.name, [row.key for row in kept])
            if any(each.target != flat.target for each in known.values()):
                rows = [as_merged_before(row, known.get(row.key)) for row in rows]
                kept = [row for row in rows if row.account.record is not None]
            left = [] if len(kept) == len(rows) else [row for row in rows if row.account.record is None]
            aside = [self._quarantined(row) for row in left if row.account.problem is not None]
            merged = sum(row.account.merged for row in left)
            counts = Counts(len(kept), 0, len(aside), len(rows) - len(kept) - len(aside) - merged)
            work.record(tx, msgspec.msgpack.encode(position), {flat.table.name: counts}, aside)
            new = flat.insert(tx, [row for row in kept if row.key not in known] if known else kept)
            tx.flush_ahead()
            keys = ((row.key, row.account.record.id, row.hash) for row in new)
            tx.legacy_keys.add(flat.table.name, flat.target, keys)
            changed = [row for row in kept if row.key in known and known[row.key].row_hash != row.hash] if known else []
            for row in changed:
                flat.change(tx, row, known[row.key].our_id)
                tx.legacy_keys.change(flat.table.name, row.key, row.hash)
            repaired = [(row.key, row.account.repaired) for row in [*new, *changed] if row.account.repaired]
            keep_repaired(tx, flat.table.name, repaired, now)
            request_all(self.requests)
        work.committed()
        self.position = position

    def _merge(self, merges: Sequence[Merge], position: Position) -> None:
        table, work = self._flat.table.name, self._work
        with work.context.unit_of_work.records() as tx:
            rows = list(merged_rows(self._flat, tx, merges))
            aside = [self._set_aside(row.key, row.finding, row.values, row.problem) for row in rows if row.problem]
            merged = [row for row in rows if row.problem is None]
            counts = Counts(merged=len(merged), quarantined=len(aside))
            work.record(tx, msgspec.msgpack.encode(position), {table: counts}, aside)
            new = [row for row in merged if row.before is None]
            changed = [row for row in merged if row.before is not None and row.before.row_hash != row.hash]
            tx.legacy_keys.add(table, MERGED, [(row.key, row.kept, row.hash) for row in new])
            for row in changed:
                tx.legacy_keys.change(table, row.key, row.hash)
            keep_repaired(tx, table, [(row.key, row.repaired) for row in (*new, *changed)], work.context.clock())
        work.committed()
        self.position = position

    def _after(self, rows: Sequence[FlatRow]) -> Position:
        # A key that is one whole number has no other characters between its brackets.
        highest = max(map(int, filter(str.isdigit, [row.key[1:-1] for row in rows])), default=0)
        place, last = encode_key(rows[-1].place), rows[-1].last
        return Position(place, last, max(self.position.highest, highest), self.position.fresh)

    def _quarantined(self, row: FlatRow) -> QuarantinedRow:
        assert row.account.problem is not None  # noqa: S101 - for the type checker
        return self._set_aside(row.key, row.finding, row.values, row.account.problem)

    def _set_aside(self, key: str, finding: Row, values: Row, problem: Problem) -> QuarantinedRow:
        found = quarantined(self._work.context, self._flat.table, key, problem)
        return found._replace(decision_key=decision_key(key, finding), label=self._flat.reader.label(values))


def quarantined(context: BackfillContext, table: MappedTable, key: str, problem: Problem) -> QuarantinedRow:
    """A row that is set aside; of its value only length and hash are kept."""
    value = problem.value
    data = None if value is None else value if isinstance(value, bytes) else str(value).encode(errors="surrogateescape")
    return QuarantinedRow(
        table.name,
        key,
        problem.code,
        problem.reason,
        problem.column,
        None if data is None else len(data),
        None if data is None else keyed_hash(context.hash_key, data),
    )


def decision_key(key: str, finding: Row) -> str | None:
    """The key that decisions name, if it is not the one that a row is known by."""
    return None if (named := row_key(finding)) == key else named


def keep_repaired(
    tx: LockedScript | RecordsTransaction, table: str, rows: Iterable[tuple[str, Repaired]], now: int
) -> None:
    """Keep the values of repaired columns as they were, under the key of their row and the word `repaired`."""
    kept = {repaired_key(key): columns_json(repaired) for key, repaired in rows if repaired}
    if not kept:
        return
    known = tx.legacy_rows.find(table, list(kept))
    tx.legacy_rows.keep(table, [(key, content) for key, content in kept.items() if key not in known], now)
    for key, content in kept.items():
        if known.get(key, content) != content:
            tx.legacy_rows.change(table, key, content, now)


def repaired_key(key: str) -> str:
    """The key under which the repaired values of a row are kept; no row has it, because its key is longer by one."""
    return f'{key[:-1]},"repaired"]'
