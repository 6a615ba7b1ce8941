"""What every document is, and what a verb prints that failed or still waits."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Author = Literal["user", "ai", "system", "import", "backfill"]


class Document(Struct, frozen=True, forbid_unknown_fields=True):
    """One JSON document, or a part of one. Times are ISO 8601 in UTC."""


class Failure(Document, frozen=True):
    """Why a verb failed: the exit status, a stable code, and one sentence."""

    status: int
    code: str
    message: str


class Failed(Document, frozen=True):
    """What a verb that failed prints instead of its document."""

    error: Failure


class Pending(Document, frozen=True):
    """A submission that waits for its answer."""

    script_id: int
    submission_id: str
    outcome: Literal["pending"]
