"""JSON documents of the verbs for chat and proposals."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, UnsetType

from cli.json_documents.base import Document
from domain.submissions.answer import Answer


class Message(Document, frozen=True):
    """A chat message about a script; `answers` is the id of the message that it answers."""

    message: int
    script_id: int | None
    user: int | None
    answers: int | None
    role: str
    intent: str | None
    content: str
    metadata: dict[str, Any]
    created_at: str


class Cost(Document, frozen=True):
    """The cost of the calls of one model; `cost_micros` is in millionths of the currency."""

    model: str
    currency: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost_micros: int


class Chat(Document, frozen=True):
    """The chat of a script; `next` is the value of `--after` for the next page."""

    script_id: int
    messages: list[Message]
    usage: list[Cost]
    next: int | None


class ProposedLine(Document, frozen=True):
    """A line before or after a change."""

    id: str
    format: str
    text: str


class ProposedChange(Document, frozen=True):
    """The change to one line of the script at its head."""

    change: Literal["added", "removed", "changed", "moved"]
    before: ProposedLine | None
    after: ProposedLine | None


class Hunk(Document, frozen=True):
    """One part of a proposal; `code` is the reason why it cannot be accepted; the versions are those it was written as.

    `submission_id` is null until it is accepted.
    """

    hunk: int
    state: str
    why: str
    code: str | None
    submission_id: str | None
    decided_by: int | None
    decided_at: str | None
    first_version: int | None
    last_version: int | None
    commands: list[dict[str, Any]]
    changes: list[ProposedChange]


class Proposal(Document, frozen=True):
    """A request to an AI and what it proposed. The list leaves out `hunks`."""

    proposal: int
    script_id: int
    state: str
    user: int | None
    chat_message: int | None
    run_id: str
    model: str | None
    prompt_sha256: str | None
    instruction: str
    base_version: int
    code: str | None
    message: str | None
    created_at: str
    updated_at: str
    hunks: list[Hunk] | UnsetType = UNSET


class Proposals(Document, frozen=True):
    """Proposals; `next` is the value of `--after` for the next page."""

    proposals: list[Proposal]
    next: int | None


class Accepted(Document, frozen=True):
    """The answers to the accepted parts."""

    proposal: int
    state: str
    answers: list[Answer]


class TurnedDown(Document, frozen=True):
    """The number of rejected parts."""

    proposal: int
    state: str
    rejected: int
