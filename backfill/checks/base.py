"""The base of checks, and the registry: one class a code, in a file by theme.

A check sees a scan from up to four sides, each of which yields findings:

    tables(scope)                    once: columns, charsets, what the mapping says of them
    batch(table, batch)              rows of any table, a batch at a time, column by column
    save(history, save)              the saves of each script, in order
    relations(scope)                 at the end: what tables say about each other
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar

from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Decision, Finding
from backfill.scanning.histories import History, Save
from backfill.scanning.scope import Scope


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


def _bytes(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    return str(value).encode(errors="surrogateescape")
