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
    """A request to an AI and what it proposed. The list leaves out `usage` and `hunks`.

    `first_line` and `last_line` are the lines it is about, by position in the base version; null for the whole script.
    """

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
    first_line: int | None
    last_line: int | None
    code: str | None
    message: str | None
    created_at: str
    updated_at: str
    usage: list[Cost] | UnsetType = UNSET
    hunks: list[Hunk] | UnsetType = UNSET


class Estimate(Document, frozen=True):
    """What a request to an AI would cost: about `tokens_in` sent, at most `tokens_out` written.

    `cost_micros` is the most that it may cost, in millionths of the currency; null where no price is configured.
    """

    script_id: int
    tokens_in: int
    tokens_out: int
    cost_micros: int | None
    currency: str


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
