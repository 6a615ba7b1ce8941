"""The interface of language models: messages in, one text out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol


class Message(NamedTuple):
    """One turn of the conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


class Completion(NamedTuple):
    """An answer of a model: its bytes unchanged, of limited size, with usage. None means unknown."""

    output: bytes
    model: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    latency_ms: int | None = None


class Model(Protocol):
    """A language model."""

    @property
    def name(self) -> str:
        """The name for logs and stored proposals."""

    def complete(self, messages: Sequence[Message]) -> Completion:
        """The answer to a conversation.

        Raises:
            ModelUnavailable: there was none in time.
            ModelOutputTooLong: it did not end.
        """
