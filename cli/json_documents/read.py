"""JSON documents of the verbs that read."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from cli.json_documents.base import Author, Document
from domain.script.line import Attr, LineFormat
from domain.script.state import Element, Persona
from domain.submissions.origin import Origin
from domain.submissions.submission import Cause


class ListedScript(Document, frozen=True):
    """A script; `owner` is a user's id."""

    script_id: int
    title: str
    status: str
    archived: bool
    owner: int | None
    version: int
    created_at: str
    updated_at: str


class Scripts(Document, frozen=True):
    """Scripts; `next` is the value of `--after` for the next page."""

    scripts: list[ListedScript]
    next: int | None


class ShownLine(Document, frozen=True):
    """A line; `expect` is the content hash that an edit of it names."""

    id: str
    format: LineFormat
    text: str
    sep: str
    attrs: dict[str, Attr]
    expect: str


class ShownScript(Document, frozen=True):
    """A script at one version; `labels` are its named drafts with their versions."""

    script_id: int
    version: int
    state_hash: str
    metadata: dict[str, Any]
    lines: list[ShownLine]
    elements: list[Element]
    personas: list[Persona]
    labels: dict[str, int]


class LoggedCommand(Document, frozen=True):
    """One version: its command, author and cause, and how much it changed. `command` requires `--payload`."""

    version: int
    kind: str
    author: Author
    actor: str
    cause: Cause
    base_version: int
    submission_id: str
    submission_index: int
    occurred_at: str
    recorded_at: str
    changed: str
    chain_hash: str
    command: dict[str, Any] | UnsetType = UNSET


class Log(Document, frozen=True):
    """A part of a log; `next` is the value of `--after` for the next page."""

    script_id: int
    head: int
    commands: list[LoggedCommand]
    next: int | None


class BlamedLine(Document, frozen=True):
    """A line with its last author and version; `origin` is the legacy row of a backfilled one."""

    id: str
    text: str
    version: int
    author: Author
    actor: str
    model: str | None
    occurred_at: str
    origin: Origin | None


class Blame(Document, frozen=True, kw_only=True):
    """The author of each line; `ai_share` is the AI-written share of the lines with text."""

    script_id: int
    version: int
    ai_share: float
    totals: dict[str, int] | UnsetType = UNSET
    lines: list[BlamedLine]


class Draft(Document, frozen=True):
    """A named version; `color` is the colour of its pages."""

    name: str
    version: int
    color: str | None
    locked: bool
    recorded_at: str


class Labels(Document, frozen=True):
    """The drafts of a script, in the order of their versions."""

    script_id: int
    labels: list[Draft]


class ExportedHistory(Document, frozen=True):
    """A history file that was written."""

    script_id: int
    versions: int
    file: str
    bytes: int


class ImportedHistory(Document, frozen=True):
    """A script imported with its history; `before` is how many of its versions already existed here."""

    script_id: int
    versions: int
    answers: int
    before: int


class Exported(Document, frozen=True):
    """A file that was written; without a file, `text` is its content."""

    script_id: int
    version: int
    format: str
    bytes: int
    file: str | None
    text: str | UnsetType = UNSET


class Refused(Document, frozen=True):
    """A dead letter."""

    number: int
    script_id: int
    submission_id: str
    code: str
    message: str
    rejected_at: str
    user: int | None
    account: str | None
    payload: str
    whole_bytes: int | None
    whole_sha256: str | None


class Rejected(Document, frozen=True):
    """Dead letters; `next` is the value of `--after` for the next page."""

    rejected: list[Refused]
    next: int | None
