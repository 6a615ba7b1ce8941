"""JSON documents of `db drift` and `legacy drift`."""

from __future__ import annotations

from typing import Literal

from cli.json_documents.base import Document


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
