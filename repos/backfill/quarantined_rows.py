"""Table backfill_quarantine: legacy rows that a run set aside, with the reason. No value of a row is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select

from repos.database.session import Session
from repos.schema.backfill_tables import backfill_quarantine as quarantine


class QuarantinedRow(NamedTuple):
    """A row to set aside: its table, its key as a JSON list, a stable code and one sentence.

    `length` and `hash` describe the value of `column`; the hash is keyed. The mapping names the row by `decision_key`,
    where that is another one. A row with a `label` has a key that may be a secret: other columns name it.
    """

    source_table: str
    source_key: str
    code: str
    reason: str
    column: str | None = None
    length: int | None = None
    hash: str | None = None
    decision_key: str | None = None
    label: str | None = None

    @property
    def named_key(self) -> str:
        """The key that decisions of the mapping name."""
        return self.decision_key or self.source_key


class StoredQuarantine(NamedTuple):
    """A row that was set aside; `found_at` is microseconds since 1970 UTC."""

    id: int
    item_id: int
    row: QuarantinedRow
    found_at: int


class QuarantineCount(NamedTuple):
    """How many rows of a table were set aside for a reason; `first` is the id of the first one."""

    source_table: str
    code: str
    rows: int
    first: int


_COLUMNS = (
    "run_id",
    "item_id",
    "source_table",
    "source_key",
    "code",
    "reason",
    "source_column",
    "length",
    "hash",
    "decision_key",
    "label",
    "found_at",
)
_OF_RUN = quarantine.c.run_id == bindparam("run")
_READ = (
    select(*quarantine.c)
    .where(_OF_RUN, quarantine.c.id > bindparam("after"))
    .order_by(quarantine.c.id)
    .limit(bindparam("limit"))
)
_GET = select(*quarantine.c).where(quarantine.c.id == bindparam("number"))
_FIND = (
    select(quarantine.c.id)
    .where(_OF_RUN, quarantine.c.source_table == bindparam("source"), quarantine.c.source_key == bindparam("key"))
    .limit(bindparam("limit"))
)
_OF_ITEM = select(*quarantine.c).where(quarantine.c.item_id == bindparam("item")).order_by(quarantine.c.id)
_COUNT = (
    select(quarantine.c.source_table, quarantine.c.code, func.count(), func.min(quarantine.c.id))
    .where(_OF_RUN)
    .group_by(quarantine.c.source_table, quarantine.c.code)
    .order_by(quarantine.c.source_table, quarantine.c.code)
)
_REMOVE = delete(quarantine).where(quarantine.c.item_id == bindparam("item"))


class QuarantinedRows:
    """The rows that were set aside."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, run_id: int, item_id: int, rows: Sequence[QuarantinedRow], now: int) -> None:
        """Set rows aside, with the commit."""
        self._session.later_insert(quarantine, _COLUMNS, [(run_id, item_id, *row, now) for row in rows])

    def read(self, run_id: int, *, after: int = 0, limit: int = 100) -> list[StoredQuarantine]:
        """The rows of a run after an id, in the order they were found."""
        return [_stored(row) for row in self._session.rows(_READ, run=run_id, after=after, limit=limit)]

    def get(self, number: int) -> StoredQuarantine | None:
        rows = self._session.rows(_GET, number=number)
        return _stored(rows[0]) if rows else None

    def has(self, run_id: int, source_table: str, source_key: str) -> bool:
        """Whether a run set this row aside."""
        return bool(self._session.rows(_FIND, run=run_id, source=source_table, key=source_key, limit=1))

    def of_item(self, item_id: int) -> list[QuarantinedRow]:
        """The rows that an item set aside."""
        return [_stored(row).row for row in self._session.rows(_OF_ITEM, item=item_id)]

    def counts(self, run_id: int) -> list[QuarantineCount]:
        """The number of rows by table and code."""
        return [QuarantineCount(*row) for row in self._session.rows(_COUNT, run=run_id)]

    def remove_of_item(self, item_id: int) -> int:
        """Remove the rows of an item, before it is retried; returns how many."""
        return self._session.run(_REMOVE, item=item_id)


def _stored(row: tuple[object, ...]) -> StoredQuarantine:
    number, _run, item_id, *described, found_at, decision_key, label = row
    return StoredQuarantine(number, item_id, QuarantinedRow(*described, decision_key, label), found_at)  # type: ignore[arg-type, call-arg]
