"""JSON documents of `scriptledger doctor`."""

from __future__ import annotations

from typing import Literal

from cli.json_documents.base import Document


class Examined(Document, frozen=True):
    """What one check found; `change` is what to do, empty if nothing.

    `area` is `settings`, `database`, `file` (of SQLite), `schema`, `broker` or `machine`.
    """

    area: str
    check: str
    level: Literal["fine", "warning", "fault"]
    says: str
    change: str


class Diagnosis(Document, frozen=True):
    """The findings of all checks, the worst first, and how many are faults and warnings."""

    faults: int
    warnings: int
    checks: list[Examined]
