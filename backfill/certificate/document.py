"""The certificate as values: what came over, what did not and why, and every check with its result.

No value of a row is in it: a row is named by its table and its key, as reports show keys.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

FORMAT = 1

Fate = Literal["field", "kept", "dropped"]


class Problem(Struct, frozen=True):
    """Something that forbids the certificate: the check that found it, the row, and one sentence."""

    check: str
    table: str
    key: str
    sentence: str


class CheckResult(Struct, frozen=True):
    """One check: how many things it compared, and how many problems it found."""

    name: str
    about: str
    compared: int
    problems: int


class ColumnFate(Struct, frozen=True):
    """What became of a column in all rows of its table; the five numbers add up to the rows.

    `to` is a field of ours, `reason` why it was dropped. Of all values `nulls` are NULL, and `repaired` had to be
    changed to be valid here.
    """

    name: str
    fate: Fate
    to: str
    reason: str
    migrated: int
    merged: int
    quarantined: int
    skipped: int
    dropped: int
    nulls: int
    repaired: int


class Segment(Struct, frozen=True):
    """Some rows in the order of their key: the first and the last key, and the keyed hash of all values."""

    rows: int
    first: str
    last: str
    hash: str


class TableLaw(Struct, frozen=True):
    """A table of the source: each row is migrated, merged, quarantined, skipped, or dropped with its table."""

    name: str
    becomes: str
    reason: str
    rows: int
    migrated: int
    merged: int
    quarantined: int
    skipped: int
    dropped: int
    columns: list[ColumnFate]
    segments: list[Segment]

    @property
    def holds(self) -> bool:
        """Whether every row is accounted for."""
        return self.rows == self.migrated + self.merged + self.quarantined + self.skipped + self.dropped


class LeftView(Struct, frozen=True):
    """A view that the mapping drops, and why: it has no rows of its own, and those it shows are counted in tables."""

    name: str
    reason: str


class QuarantineReason(Struct, frozen=True):
    """Rows that were set aside for one reason, and what decides it: the mapping, the default, or nothing."""

    table: str
    code: str
    title: str
    rows: int
    decided: str


class Certificate(Struct, frozen=True, kw_only=True):
    """A whole pass over a run. Times are microseconds since 1970 UTC.

    `problems` are the first ones; `problem_count` counts all of them.
    """

    format: int = FORMAT
    run: int
    source: str
    certified: bool
    begun_at: int
    ended_at: int
    checks: list[CheckResult]
    problems: list[Problem]
    problem_count: int
    tables: list[TableLaw]
    quarantined: list[QuarantineReason]
    views: list[LeftView] = []
