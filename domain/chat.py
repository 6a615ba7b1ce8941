"""Chat messages about a script, from people or a model, and the cost of a model's answers."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from domain.refusals import BadPayload
from domain.script.validation import Count, check_payload, check_text

Role = Literal["user", "assistant", "system", "tool"]

MAX_INTENT = 64


class ChatMessage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One message: about a script or none, by a known user or none.

    `answers` is the id of the message this one answers. `intent` is the application's classification; it and
    `metadata` may be added later. `content` is the text of the message.
    """

    role: Role
    content: str
    script_id: Count | None = None
    user_id: Count | None = None
    answers: Count | None = None
    intent: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class Usage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The cost of one model call: tokens, money in millionths of `currency`, time. None means unknown."""

    model: str
    tokens_in: Count | None = None
    tokens_out: Count | None = None
    cost_micros: Count | None = None
    currency: str = "USD"
    latency_ms: Count | None = None


def check_message(message: ChatMessage) -> None:
    """Refuse a message with invalid text, text over 1 MiB, or metadata that is not JSON (`Rejected`)."""
    check_text("content", message.content, line_ends=True)
    check_annotation(message.intent, message.metadata)


def check_annotation(intent: str | None, metadata: dict[str, Any]) -> None:
    """Refuse an invalid intent or invalid metadata of a message (`Rejected`)."""
    if intent is not None:
        check_text("intent", intent)
        if len(intent) > MAX_INTENT:
            raise BadPayload(field="intent", problem=f"has more than {MAX_INTENT} characters")
    check_payload("metadata", metadata)


def check_usage(usage: Usage) -> None:
    """Refuse a usage without a model, or with a currency that is not a short word (`Rejected`)."""
    check_text("model", usage.model)
    if not 1 <= len(usage.model) <= 120:
        raise BadPayload(field="model", problem="1 to 120 characters")
    if not (1 <= len(usage.currency) <= 8 and usage.currency.isascii() and usage.currency.isalnum()):
        raise BadPayload(field="currency", problem="1 to 8 letters, like USD")
