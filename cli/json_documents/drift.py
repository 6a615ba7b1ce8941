"""JSON documents of `db drift`, `legacy freeze` and `legacy drift`."""

from __future__ import annotations

from typing import Literal

from cli.json_documents.base import Document


class Frozen(Document, frozen=True):
    """A schema that was written to a file; `notes` say what the account may not see.

    `triggers` and `routines` are null if it may see none of them.
    """

    source: str
    file: str
    bytes: int
    tables: int
    views: int
    triggers: int | None
    routines: int | None
    notes: list[str]


class DriftDifference(Document, frozen=True):
    """One difference: the table (or view, routine) it belongs to, what differs, how, and the sentence."""

    table: str
    what: str
    kind: Literal["added", "removed", "renamed", "changed"]
    sentence: str


class Drift(Document, frozen=True):
    """The differences between the schema as it was and as it is; `notes` say what was not compared."""

    database: str
    differences: list[DriftDifference]
    notes: list[str]
