"""What a model is to us: messages in, one text out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol


class Message(NamedTuple):
    """One turn of the conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


class Completion(NamedTuple):
    """What a model answered: bytes as they came, bounded, and what that took. None is not known."""

    output: bytes
    model: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    latency_ms: int | None = None


class Model(Protocol):
    """Somebody who can be asked."""

    @property
    def name(self) -> str:
        """What it is called in the log."""

    def complete(self, messages: Sequence[Message]) -> Completion:
        """The answer to a conversation.

        Raises:
            ModelUnavailable: there was none in time.
            ModelOutputTooLong: it did not end.
        """
