"""The base of flat tables: what a domain does with the rows of one, and how they are read, in batches in key order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from backfill.domains.base import BackfillContext
from backfill.domains.flat.duplicates import repeated_keys
from backfill.domains.flat.first_time import first_time
from backfill.domains.flat.read_ahead import Requests, read_ahead
from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.merged_users import Merge
from backfill.translate.accounts import Account, Repaired, Times
from backfill.translate.checkpoints import decode_key
from backfill.translate.source_rows import KEY_REPEATED, FieldReader, Problem
from repos.legacy.connection import Row
from repos.legacy.rows import LegacyRow, read_pages
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
    # How many rows were merged into others, after the last row.
    merged: int = 0


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

    def merges(self) -> Sequence[Merge]:
        """The rows that are merged into others, after all rows came over."""
        return ()

    def unfit_merge(self, row: Row, into: Row) -> str | None:  # noqa: ARG002 - most rows are not merged
        """Why a row cannot be merged into another one."""
        return None

    def kept_of_merged(self, row: Row) -> Repaired:  # noqa: ARG002 - most rows are not merged
        """The values of a merged row that are kept, by column."""
        return {}

    def finish(self, tx: RecordsTransaction, position: Position) -> None:  # noqa: B027 - most have nothing left to do
        """What is left to do after the last row."""


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
