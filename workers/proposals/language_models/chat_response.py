"""A chat completion, whole or as a stream: its text, its usage, and how it ended.

Servers differ in what they send, so every field is optional and may have any type: what cannot be used is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from domain.proposals.model_output import MAX_OUTPUT_BYTES
from domain.proposals.refusals import ModelOutputTooLong
from workers.proposals.language_models.interface import Completion

CUT_OFF = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
FILTERED = frozenset({"content_filter", "safety", "prohibited_content", "recitation", "refusal"})
# No call takes as many tokens: a larger count is an error of the server, and would be an absurd cost.
MAX_TOKENS = 100_000_000
_SKIPPED_PARTS = frozenset({"thinking", "reasoning", "redacted_thinking"})


class ChatResponse:
    """What has come of an answer so far."""

    def __init__(self) -> None:
        self.error: Any = None
        self.is_stream = False
        self.written = 0
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._arguments: list[str] = []
        self._size = 0
        self._ended: str | None = None
        self._tokens: tuple[int | None, int | None] = (None, None)
        self._has_choice = False

    def add(self, piece: Any) -> None:
        """Add a whole completion, or one event of a stream.

        Raises:
            ModelOutputTooLong: the text is longer than any answer may be.
        """
        self.error = self.error or get(piece, "error")
        usage = get(piece, "usage")
        if usage is not None:
            self._tokens = (_count(get(usage, "prompt_tokens")), _count(get(usage, "completion_tokens")))
        choices = get(piece, "choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if choice is None or get(choice, "index") not in (0, None):
            return
        self._has_choice = True
        self._add_message(get(choice, "message") or get(choice, "delta"))
        reason = get(choice, "finish_reason")
        if isinstance(reason, str) and reason:
            self._ended = reason.lower()

    def is_answer(self) -> bool:
        """Whether anything in it was a completion."""
        return self._has_choice

    def has_ended(self) -> bool:
        """Whether the model reported how its answer ended."""
        return self._ended is not None

    def completion(self, model: str, latency_ms: int) -> Completion | None:
        """The answer; None if it has no text."""
        text = "".join(self._text) or "".join(self._arguments)
        refusal = "".join(self._refusal)
        if refusal and not text:
            return self._completion(refusal, model, latency_ms, "refused")
        if self._ended in FILTERED:
            words = f"its filter ended the answer ({self._ended})." + (f" {text}" if text else "")
            return self._completion(words, model, latency_ms, "refused")
        if self._ended in CUT_OFF:
            return self._completion(text, model, latency_ms, "cut off")
        return self._completion(text, model, latency_ms, "complete") if text.strip() else None

    def _completion(self, text: str, model: str, latency_ms: int, ended: Any) -> Completion:
        sent, came = self._tokens
        return Completion(text.encode(errors="replace"), model, sent, came, latency_ms, ended)

    def _add_message(self, message: Any) -> None:
        self._keep(self._text, _texts(get(message, "content")))
        self._keep(self._refusal, _texts(get(message, "refusal")))
        calls = get(message, "tool_calls")
        function = get(calls[0], "function") if isinstance(calls, list) and calls else get(message, "function_call")
        self._keep(self._arguments, _texts(get(function, "arguments")))
        for name in ("reasoning_content", "reasoning"):
            thoughts = get(message, name)
            self.written += len(thoughts) if isinstance(thoughts, str) else 0

    def _keep(self, parts: list[str], texts: Iterator[str]) -> None:
        for text in texts:
            parts.append(text)
            self.written += len(text)
            self._size += len(text)
            if self._size > MAX_OUTPUT_BYTES:
                raise ModelOutputTooLong(limit=MAX_OUTPUT_BYTES)


def get(value: Any, name: str) -> Any:
    """A field of a JSON object, or of an object that the client library made of one; None without it."""
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _texts(content: Any) -> Iterator[str]:
    """The texts in a content: it is one, or a list of parts, of which thoughts are skipped, or the JSON asked for."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict) or (isinstance(content, list) and content and not any(map(_is_part, content))):
        yield json.dumps(content)
    elif isinstance(content, list):
        for part in content:
            text = part if isinstance(part, str) else get(part, "text")
            if isinstance(text, str) and get(part, "type") not in _SKIPPED_PARTS:
                yield text


def _is_part(part: Any) -> bool:
    return not isinstance(part, dict) or "type" in part or "text" in part


def _count(tokens: Any) -> int | None:
    is_count = isinstance(tokens, int) and not isinstance(tokens, bool) and 0 <= tokens <= MAX_TOKENS
    return tokens if is_count else None
