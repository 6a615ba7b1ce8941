"""The JSON document of `legacy scan`."""

from __future__ import annotations

from typing import Literal

from cli.json_documents.base import Document

Decision = Literal["block", "quarantine", "repair", "report"]


class ScannedLegacyTable(Document, frozen=True):
    """A table that was scanned, what it becomes, and its number of rows."""

    name: str
    becomes: str
    rows: int


class LegacyCode(Document, frozen=True):
    """One kind of defect: how many findings there are, by decision, and what cannot go on before they are decided."""

    code: str
    title: str
    default: Decision
    findings: int
    decisions: dict[Decision, int]
    blocks: str


class LegacyFinding(Document, frozen=True):
    """One finding. `key` is null if the table or column is meant; `hash` is keyed with a key of this scan alone."""

    code: str
    table: str
    key: str | None
    column: str | None
    length: int | None
    hash: str | None
    decision: Decision
    note: str


class LegacySaves(Document, frozen=True):
    """The number of saves on one day, as the source dates them; the day `unknown` has those whose time is no date."""

    day: str
    saves: int


class LegacyScan(Document, frozen=True):
    """A scan of a legacy database: `blocking` are the codes that have to be decided before the move.

    `mapping` is null if it was inferred. `findings` are the first ones of each code; `omitted` is how many are not
    listed.
    """

    source: str
    mapping: str | None
    rows: int
    headline: list[str]
    blocking: list[str]
    tables: list[ScannedLegacyTable]
    codes: list[LegacyCode]
    findings: list[LegacyFinding]
    omitted: int
    saves: list[LegacySaves]
