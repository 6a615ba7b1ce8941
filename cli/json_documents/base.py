"""The base class of the JSON documents, and the documents of a failure and of a pending submission."""

from __future__ import annotations

from typing import Literal, cast

from msgspec import Struct

Author = Literal["user", "ai", "system", "import", "backfill"]


class Document(Struct, frozen=True, forbid_unknown_fields=True):
    """One JSON document, or a part of one. Times are ISO 8601 in UTC."""


def stored_author(author: str) -> Author:
    """The author of a version as documents have it; the table takes no other values."""
    return cast("Author", author)


class Failure(Document, frozen=True):
    """The reason of a failure: the exit status, a stable code, and one sentence."""

    status: int
    code: str
    message: str


class Failed(Document, frozen=True):
    """The document of a verb that failed."""

    error: Failure


class Pending(Document, frozen=True):
    """A submission that has no answer yet."""

    script_id: int
    submission_id: str
    outcome: Literal["pending"]
