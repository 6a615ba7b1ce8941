"""The base of domains, and their registry: what a backfill brings over, one class a domain, in a file of its own.

A domain divides its work into items: one script, or one source table. An item is done in slices, each of which writes
rows and records its progress in one transaction, so that a worker that dies loses one slice at most.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import Struct

from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import Mapping as MappingFile
from repos.backfill.item import BackfillItem, ItemState
from repos.backfill.items import BackfillItems
from repos.backfill.quarantined_rows import QuarantinedRow, QuarantinedRows
from repos.legacy.catalog import Catalog
from repos.legacy.connection import Source
from repos.unit_of_work import UnitOfWork

# A worker that records nothing for this long is presumed dead.
CLAIM_SECONDS = 120
# Workers that end without any progress of an item, before it is given up.
MAX_ATTEMPTS = 5


class Counts(Struct, omit_defaults=True):
    """Rows of one source table: each is migrated, merged into another, quarantined, or skipped for a reason."""

    migrated: int = 0
    merged: int = 0
    quarantined: int = 0
    skipped: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.migrated + self.merged + self.quarantined + self.skipped

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.migrated + other.migrated,
            self.merged + other.merged,
            self.quarantined + other.quarantined,
            self.skipped + other.skipped,
        )


class Difference(NamedTuple):
    """A legacy row that the ledger does not have as the source has it, and how they differ; no value is quoted."""

    source_table: str
    source_key: str
    problem: str


class BackfillContext(NamedTuple):
    """What a run works with: the source and its mapping, and the ledger.

    `tables` are the tables of the source that become something, by name. Times of `clock` are microseconds since 1970.
    """

    source: Source
    catalog: Catalog
    mapping: MappingFile
    tables: Mapping[str, MappedTable]
    unit_of_work: UnitOfWork
    hash_key: bytes
    run_id: int
    clock: Callable[[], int]

    def tables_for(self, *targets: str) -> list[MappedTable]:
        """The tables that become one of these targets."""
        return [table for table in self.tables.values() if table.target in targets]


class _RecordingTransaction(Protocol):
    """A unit of work on a script, or on records."""

    @property
    def backfill_items(self) -> BackfillItems: ...

    @property
    def quarantined_rows(self) -> QuarantinedRows: ...


class ItemWork:
    """A claimed item: every slice is recorded through it.

    `checkpoint` is what the domain recorded last, empty at the beginning. A slice ends soon after `deadline`, which is
    compared with `time.monotonic()`.
    """

    def __init__(self, context: BackfillContext, item: BackfillItem, deadline: float) -> None:
        self.context = context
        self.name = item.name
        self.deadline = deadline
        self._item = item
        self._counts = decode_counts(item.counts)

    @property
    def is_claimed(self) -> bool:
        """Whether others see that a worker has the item; else its first slice claims it."""
        return self._item.sent_claim is None

    @property
    def is_closed(self) -> bool:
        """Whether the last slice closed the item."""
        return self._item.state == "done"

    @property
    def is_last_attempt(self) -> bool:
        """Whether the item is given up if this attempt makes no progress either."""
        return self._item.attempts >= MAX_ATTEMPTS

    @property
    def checkpoint(self) -> bytes:
        """What was recorded last."""
        return self._item.checkpoint

    def refresh(self, tx: _RecordingTransaction) -> None:
        """Lock the item and read what is recorded: an attempt whose COMMIT had no answer may have recorded its slice.

        Raises:
            ClaimLost: another worker has the item now.
        """
        self._item = self._item.as_stored(tx.backfill_items.lock(self._item.id))
        self._counts = decode_counts(self._item.counts)

    def record(
        self,
        tx: _RecordingTransaction,
        checkpoint: bytes,
        counts: Mapping[str, Counts],
        quarantined: Sequence[QuarantinedRow] = (),
        *,
        last: bool = False,
    ) -> None:
        """Record a slice in the transaction that writes its rows: the place reached, and its rows by source table.

        With `last` it closes the item, which then needs no transaction of its own.

        Raises:
            ClaimLost: another worker has the item now; raised by the end of the unit of work at the latest.
        """
        if self.is_closed:  # by an attempt whose COMMIT was not answered
            self._pending = self._item, self._counts
            return
        now = self.context.clock()
        total = dict(self._counts)
        for table, count in counts.items():
            total[table] = total.get(table, Counts()) + count
        state: ItemState = "done" if last else "running"
        until = now + CLAIM_SECONDS * 1_000_000
        tx.backfill_items.record(
            self._item, checkpoint=checkpoint, counts=encode_counts(total), until=until, state=state
        )
        tx.quarantined_rows.add(self._item.run_id, self._item.id, quarantined, now)
        self._pending = self._item._replace(checkpoint=checkpoint, state=state, sent_claim=None), total

    def committed(self) -> None:
        """Go on from what was recorded; call it after the commit."""
        self._item, self._counts = self._pending


class Domain(ABC):
    """One kind of legacy data. `needs` are the domains that must be complete before."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def items(self, context: BackfillContext) -> Iterator[str]:
        """The names of the items, each at most 256 characters: every row of the domain's tables is in exactly one."""

    def is_claimed_by_slice(self, name: str) -> bool:  # noqa: ARG002 - most domains have few items
        """Whether an item is claimed in the transaction of its first slice, because most such items need no other.

        Its slices begin with `ItemWork.refresh`.
        """
        return False

    @abstractmethod
    def migrate(self, work: ItemWork) -> bool:
        """Write one slice of an item and record it; returns whether the item is complete.

        Raises:
            Conflict, SourceError: try again.
            Corrupt, Rejected: the item has failed.
        """

    @abstractmethod
    def prove(self, context: BackfillContext, name: str) -> Iterator[Difference]:
        """Compare an item in the ledger with the source."""


D = TypeVar("D", bound=type[Domain])

# Every domain by its name, in the order in which they are brought over. Filled by importing
# `backfill.domains.registry`.
DOMAINS: dict[str, Domain] = {}


def domain(cls: D) -> D:
    """Register a domain under its name."""
    if cls.name in DOMAINS:
        raise TypeError(f"two domains are called {cls.name!r}")
    if missing := [name for name in cls.needs if name not in DOMAINS]:
        raise TypeError(f"{cls.name} needs {', '.join(missing)}, which must be registered before")
    DOMAINS[cls.name] = cls()
    return cls


def encode_counts(counts: Mapping[str, Counts]) -> bytes:
    """Counts by source table, as an item stores them."""
    return msgspec.json.encode(counts)


def decode_counts(data: bytes) -> dict[str, Counts]:
    """The counts of an item."""
    return msgspec.json.decode(data, type=dict[str, Counts])
