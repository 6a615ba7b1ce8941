"""A legacy script and its saves, as the migration reads them."""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct

from domain.errors import LedgerError
from domain.script.state import Value
from domain.submissions.origin import Origin


class LegacySave(Struct, frozen=True):
    """One saved version: its row, its content as stored, and when it was saved, in microseconds since 1970 UTC.

    `shape` names the content shape if it must not be recognised by the content.
    """

    origin: Origin
    content: bytes
    saved_at: int
    shape: str | None = None


class LegacyScript(Struct, frozen=True, kw_only=True):
    """One script as the legacy application lists it.

    `origin` is its row, `owner` a user id of ours, `metadata` further fields. A script without saves has no lines; one
    that is older than its first save begins without lines.
    """

    script_id: int
    origin: Origin
    title: str
    owner: int | None = None
    metadata: dict[str, Value] = {}
    created_at: int
    archived_at: int | None = None


class SourceChanged(LedgerError):
    """A row that was migrated is no longer in the source."""


class ScriptEdited(LedgerError):
    """A migrated script was edited since, so the saves that its source has gained cannot follow; it stays as it is."""


def is_row(origin: Origin, other: Origin) -> bool:
    """Whether two origins name the same row; its author may have been renamed."""
    return (origin.table, origin.key, origin.number) == (other.table, other.key, other.number)


def submission_id(origin: Origin) -> str:
    """The id of the submission that brings a legacy row: the same in every run."""
    row = "\0".join((origin.table, origin.key, "" if origin.number is None else str(origin.number)))
    return f"legacy.{sha256(row.encode()).hexdigest()[:40]}"
