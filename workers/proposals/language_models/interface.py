"""The interface of language models: messages in, one text out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol


class Message(NamedTuple):
    """One turn of the conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


class Completion(NamedTuple):
    """An answer of a model: its bytes unchanged, of limited size, with usage. None means unknown.

    `ended` is how it ended: complete, cut off at a limit, or as a refusal in the words of `output`.
    """

    output: bytes
    model: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    latency_ms: int | None = None
    ended: Literal["complete", "cut off", "refused"] = "complete"


class Watch(NamedTuple):
    """What watches a model while it writes: the time at which its answer must have ended, and the progress.

    `deadline` is a time of `time.monotonic`. `written` takes the number of characters so far, often.
    """

    deadline: float = math.inf
    written: Callable[[int], None] = lambda _: None


UNWATCHED = Watch()


class Model(Protocol):
    """A language model."""

    @property
    def name(self) -> str:
        """The name for logs and stored proposals."""

    def complete(self, messages: Sequence[Message], watch: Watch = UNWATCHED) -> Completion:
        """The answer to a conversation.

        Raises:
            ModelUnavailable: there was none in time.
            ModelOutputTooLong: it did not end.
        """
