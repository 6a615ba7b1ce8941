"""The base of checks, and the registry: one class a code, in a file by theme.

A check sees a scan from up to four sides, each of which yields findings:

    tables(scope)                    once: columns, charsets, what the mapping says of them
    batch(table, batch)              rows of any table, a batch at a time, column by column
    save(history, save)              the saves of each script, in order
    relations(scope)                 at the end: what tables say about each other
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, TypeVar

from msgspec import Struct

from backfill.checks.mapped_table import MappedTable

if TYPE_CHECKING:
    from backfill.checks.histories import History, Save
    from backfill.checks.scope import Scope

Decision = Literal["block", "quarantine", "repair", "report"]

HASH_DIGITS = 16
UNKNOWN_DAY = "unknown"

_DAY = re.compile(r"[0-9]{4}-(?:0[0-9]|1[0-2])-(?:[0-2][0-9]|3[01])(?![0-9])")


class Finding(Struct, frozen=True, omit_defaults=True):
    """One finding. It names a place and never a value: `hash` is keyed, so that it cannot be guessed from outside.

    `key` is None if the whole table or column is meant. `decision` differs from the default of the code where the
    mapping, or the case, says so.
    """

    code: str
    table: str
    key: str | None
    column: str | None
    decision: Decision
    length: int | None = None
    hash: str | None = None
    note: str = ""


class Loss(NamedTuple):
    """Lines that a save lost: for the headline of a report. `at` is a day, or UNKNOWN_DAY."""

    script: str
    lines: int
    at: str
    table: str
    last_good: str
    restored: str | None


class Batch:
    """Rows of one table, column by column."""

    def __init__(self, table: MappedTable, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        self.table = table
        self.size = len(rows)
        self._rows = rows
        self._columns = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else {}
        self._facts: dict[tuple[str, str], Any] = {}

    def __contains__(self, field: str) -> bool:
        return self.table.column(field) in self._columns

    def key(self, place: int) -> str:
        """The key of a row, as text that is safe to show."""
        return self.table.shown_key(tuple(self._columns[name][place] for name in self.table.key_columns))

    def field(self, field: str) -> tuple[Any, ...]:
        """The values of a field; NULL in each row if the table has none."""
        return self._columns.get(self.table.column(field) or "", (None,) * self.size)

    def column(self, name: str) -> tuple[Any, ...]:
        """The values of a column."""
        return self._columns[name]

    def once(self, what: str, name: str, make: Callable[[], Any]) -> Any:
        """A fact about a column that several checks need, computed once."""
        if (what, name) not in self._facts:
            self._facts[what, name] = make()
        return self._facts[what, name]

    def joined(self, name: str) -> str:
        """All texts of a column, one after another: most columns of most batches are cleared by one look at it."""
        return str(self.once("joined", name, lambda: "\n".join([v for v in self._columns[name] if isinstance(v, str)])))

    def longest(self, name: str) -> int:
        """The length of the longest text or bytes of a column."""
        return int(self.once("longest", name, lambda: max(map(_length, self._columns[name]), default=0)))

    @cached_property
    def texts(self) -> list[str]:
        """The text columns that are there, except those of contents."""
        return [name for name in self.table.text_columns if name in self._columns]


class Check:
    """One kind of defect."""

    code: ClassVar[str]
    title: ClassVar[str]
    decision: ClassVar[Decision]
    # What cannot go on before it is decided; empty if nothing waits for it.
    blocks: ClassVar[str] = ""
    # Whether its relations are complete before saves are read; what it remembers is then dropped.
    before_saves: ClassVar[bool] = False

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def tables(self) -> Iterator[Finding]:
        """Findings about tables and columns."""
        yield from ()

    def batch(self, batch: Batch) -> Iterator[Finding]:
        """Findings in a batch of rows."""
        yield from ()

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        """Findings in one save of a script, which comes after those that the history knows."""
        yield from ()

    def history(self, history: History) -> Iterator[Finding]:
        """Findings in the whole history of a script, after its last save."""
        yield from ()

    def relations(self) -> Iterator[Finding]:
        """Findings between tables, after all rows."""
        yield from ()

    def dump(self) -> list[bytes]:
        """What it remembers of the saves so far, for a scan that is resumed."""
        return []

    def load(self, parts: list[bytes]) -> None:
        """Remember what was dumped."""

    def finding(  # noqa: PLR0913 - all but the place have defaults
        self,
        table: MappedTable | str,
        key: str | None,
        column: str | None = None,
        value: Any = None,
        *,
        note: str = "",
        decision: Decision | None = None,
    ) -> Finding:
        """A finding of this code; of the value only length and hash are kept."""
        data = _bytes(value)
        name = table if isinstance(table, str) else table.name
        chosen = self.scope.decision(self.code, name, key) or decision or self.decision
        return Finding(
            code=self.code,
            table=name,
            key=key,
            column=column,
            decision=chosen,
            length=None if data is None else len(data),
            hash=None if data is None else self.scope.keyed_hash(data),
            note=note,
        )


C = TypeVar("C", bound=type[Check])

# Every check by its code, in the order of the codes. Filled by importing `backfill.checks.registry`.
CHECKS: dict[str, type[Check]] = {}


def check(cls: C) -> C:
    """Register a check under its code."""
    if cls.code in CHECKS:
        raise TypeError(f"two checks have the code {cls.code}")
    CHECKS[cls.code] = cls
    return cls


def keyed_hash(key: bytes, data: bytes) -> str:
    """The hash of a value under a key that is in no report."""
    return hmac.digest(key, data, "sha256").hex()[:HASH_DIGITS]


def day_of(at: str) -> str:
    """The day of a time; UNKNOWN_DAY if the text does not begin with one: it may be any text of a row."""
    found = _DAY.match(at)
    return UNKNOWN_DAY if found is None else found[0]


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes) else 0


def _bytes(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    return str(value).encode(errors="surrogateescape")
