"""A legacy script and its saves, as the migration reads them."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple, Protocol

from msgspec import Struct

from domain.errors import LedgerError
from domain.script.state import Value
from domain.submissions.answer import Refusal
from domain.submissions.origin import Origin


class LegacySave(Struct, frozen=True):
    """One saved version: its row, its content as stored, and when it was saved, in microseconds since 1970 UTC.

    `shape` names the content shape if it must not be recognised by the content. `refusal` says why there is no content.
    """

    origin: Origin
    content: bytes
    saved_at: int
    shape: str | None = None
    refusal: Refusal | None = None


class ListedTimes(NamedTuple):
    """When the application says a script was made and last changed; None where it does not know."""

    created_at: int | None
    updated_at: int | None


class LegacyScript(Struct, frozen=True, kw_only=True):
    """One script as the legacy application lists it.

    `origin` is its row, `owner` a user id of ours, `metadata` further fields. A script without saves has no lines; one
    that is older than its first save in another table begins without lines.
    """

    script_id: int
    origin: Origin
    title: str
    owner: int | None = None
    metadata: dict[str, Value] = {}
    created_at: int
    archived_at: int | None = None
    listed: ListedTimes | None = None


class SaveSource(Protocol):
    """All saves of one script, in order."""

    def __len__(self) -> int: ...

    def row(self, place: int) -> tuple[str, str]:
        """Table and key of the save at a place, counted from 0, as its origin names them."""

    def weight(self, place: int) -> int:
        """How many legacy rows the save at a place consists of."""

    def saved_at(self, place: int) -> int | None:
        """The time of the save at a place, as far as it is known."""

    def read(self, start: int) -> Iterator[LegacySave]:
        """The saves from a place on."""


class SourceChanged(LedgerError):
    """A row that was migrated is no longer in the source."""


class ScriptEdited(LedgerError):
    """A migrated script was edited since, so the saves that its source has gained cannot follow; it stays as it is."""


class ScriptTaken(LedgerError):
    """The ledger has a script under this id that is not the legacy one."""


def is_row(origin: Origin, other: Origin) -> bool:
    """Whether two origins name the same row; its author may have been renamed."""
    return (origin.table, origin.key, origin.number) == (other.table, other.key, other.number)


def is_own_text(script: LegacyScript, row: tuple[str, str]) -> bool:
    """Whether a save, by the table and key of its row, is the text in the script's own row, which is overwritten."""
    return row == (script.origin.table, script.origin.key)


def submission_id(origin: Origin) -> str:
    """The id of the submission that brings a legacy row: the same in every run."""
    row = "\0".join((origin.table, origin.key, "" if origin.number is None else str(origin.number)))
    return f"legacy.{sha256(row.encode()).hexdigest()[:40]}"
