"""Slices of a flat table: batches of rows in key order, each written and recorded in one transaction.

A batch that the database refuses is split, down to the row, which is set aside with its own reason; its neighbours come
over. A row that is there already, with the same values, is not written again.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from backfill.domains.base import BackfillContext, Counts, ItemWork
from backfill.domains.flat.duplicates import repeated_keys
from backfill.domains.flat.first_time import first_time
from backfill.domains.flat.read_ahead import Requests, read_ahead, request_all
from backfill.kept_columns import columns_json
from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.finding import keyed_hash
from backfill.translate.accounts import Account, Repaired, Times
from backfill.translate.checkpoints import decode_key, encode_key
from backfill.translate.row_keys import row_key
from backfill.translate.source_rows import KEY_REPEATED, FieldReader, Problem
from domain.errors import Rejected
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.database.driver_errors import DriverError, DuplicateKey, blames_a_row
from repos.legacy.connection import Row
from repos.legacy.rows import LegacyRow, read_pages
from repos.locked_scripts import LockedScript
from repos.unit_of_work import RecordsTransaction

ROWS_PER_TRANSACTION = 4_000


class FlatRow(NamedTuple):
    """A translated row: its place in the table, its key, the hash of its values, and what it becomes.

    `finding` is the key that decisions of the mapping name, and `last` the time of the last row up to this one that has
    one. `values` are those of its columns.
    """

    place: Row
    key: str
    hash: bytes
    account: Account
    last: int | None
    finding: Row
    values: Row


class Position(msgspec.Struct, array_like=True, frozen=True):
    """How far an item is: the place of its last row, the time of that row, and the highest id seen."""

    place: bytes = b""
    last: int | None = None
    highest: int = 0
    # Whether no row of the table had come over when the item began, so that none has to be looked up.
    fresh: bool = False


class FlatTable(ABC):
    """What a domain does with the rows of one of its tables."""

    target: str

    def __init__(self, context: BackfillContext, table: MappedTable) -> None:
        self.context = context
        self.table = table
        self.reader: FieldReader
        self.times: Times

    @abstractmethod
    def translate(self, row: Row) -> Account:
        """What a row becomes."""

    @abstractmethod
    def resolve(self, tx: RecordsTransaction, rows: list[FlatRow]) -> list[FlatRow]:
        """The rows with what has to be looked up."""

    @abstractmethod
    def insert(self, tx: RecordsTransaction, rows: list[FlatRow]) -> list[FlatRow]:
        """Write new rows; returns them with their ids."""

    @abstractmethod
    def change(self, tx: RecordsTransaction, row: FlatRow, our_id: int) -> None:
        """Write the new values of a row that came over before."""

    @abstractmethod
    def stored(self, tx: RecordsTransaction, ids: Iterable[int]) -> Mapping[int, Any]:
        """The rows of the ledger with these ids."""

    @abstractmethod
    def refusal(self, tx: RecordsTransaction, row: FlatRow) -> Problem:
        """Why the database refused a row that is taken alone."""

    def may_be_pruned(self, record: Any) -> bool:  # noqa: ARG002 - most rows are kept
        """Whether the ledger deletes such a row by itself, some time after it came over."""
        return False

    def finish(self, tx: RecordsTransaction, position: Position) -> None:  # noqa: B027 - most have nothing left to do
        """What is left to do after the last row."""


def migrate(work: ItemWork, flat: FlatTable) -> bool:
    """Write rows until the deadline; returns whether all are done."""
    writer = _Writer(work, flat)
    for rows in batches(flat, writer.position, writer.requests):
        writer.write(rows)
        if time.monotonic() >= work.deadline:
            return False
    writer.finish()
    return True


def batches(flat: FlatTable, position: Position, requests: Requests | None = None) -> Iterator[list[FlatRow]]:
    """The rows after a position, translated; the next ones while the caller waits for the database."""
    return read_ahead(_batches(flat, position), requests)


def _batches(flat: FlatTable, position: Position) -> Iterator[list[FlatRow]]:
    reader, table = flat.reader, flat.table.table
    after = decode_key(position.place)
    # Without a key a table is read from its beginning, and its rows are numbered.
    numbered = not table.key and not table.has_rowid
    is_repeated = repeated_keys(flat.context, flat.table)
    flat.times.last, is_begun = position.last, after is not None
    for page in read_pages(flat.context.source, table, reader.columns, after=None if numbered else after):
        if not is_begun:
            flat.times.last, is_begun = first_time(flat.context.source, reader, page), True
        rows = page if not numbered or after is None else [row for row in page if row.key[0] > after[0]]
        for start in range(0, len(rows), ROWS_PER_TRANSACTION):
            yield _translated(flat, rows[start : start + ROWS_PER_TRANSACTION], is_repeated)
        del page, rows  # or they would stay while the next ones are read


def _translated(flat: FlatTable, rows: Sequence[LegacyRow], is_repeated: Callable[[str], bool]) -> list[FlatRow]:
    reader, times = flat.reader, flat.times
    has_key = bool(flat.table.table.key)
    found = []
    for place, values in rows:
        account, key = flat.translate(values), reader.key(values)
        if is_repeated(key):
            account = Account(problem=Problem("L40", KEY_REPEATED))
        finding = place if has_key else reader.finding_key(values)
        found.append(FlatRow(place, key, reader.hash(values), account, times.last, finding, values))
    return found


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
        """Record the end."""
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
            left = [] if len(kept) == len(rows) else [row for row in rows if row.account.record is None]
            aside = [self._quarantined(row) for row in left if row.account.problem is not None]
            counts = Counts(len(kept), 0, len(aside), len(rows) - len(kept) - len(aside))
            work.record(tx, msgspec.msgpack.encode(position), {flat.table.name: counts}, aside)
            known = {} if self.position.fresh else tx.legacy_keys.find(flat.table.name, [row.key for row in kept])
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

    def _after(self, rows: Sequence[FlatRow]) -> Position:
        # A key that is one whole number has no other characters between its brackets.
        highest = max(map(int, filter(str.isdigit, [row.key[1:-1] for row in rows])), default=0)
        place, last = encode_key(rows[-1].place), rows[-1].last
        return Position(place, last, max(self.position.highest, highest), self.position.fresh)

    def _quarantined(self, row: FlatRow) -> QuarantinedRow:
        assert row.account.problem is not None  # noqa: S101 - for the type checker
        label = self._flat.reader.label(row.values)
        found = quarantined(self._work.context, self._flat.table, row.key, row.account.problem)
        return found._replace(decision_key=decision_key(row.key, row.finding), label=label)


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
