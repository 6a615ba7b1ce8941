"""The token budget of a proposal: how many tokens a prompt has, whether it fits, and what calls cost.

Every model counts tokens in its own way, and the tables for it are megabytes; an estimate that is a little too high
serves for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

from domain.chat import Usage
from domain.proposals.refusals import ScriptTooLongForModel
from workers.proposals.language_models.interface import Completion, Message

# Letters of a word that are one token at worst, and what surrounds each message.
_WORD_LETTERS = 6
_MESSAGE_TOKENS = 6
_PIECES = re.compile(r"(?P<word>[^\W\d_]+)|\d{1,3}|[^\w\s]{1,3}|_+|[^\S\n ]+|\n+| {2,}")


class Price(NamedTuple):
    """The price of a million tokens, in millionths of the currency; None where it is not configured."""

    micros_in: int | None = None
    micros_out: int | None = None
    currency: str = "USD"

    def cost_micros(self, tokens_in: int | None, tokens_out: int | None) -> int | None:
        """The price of a call, rounded up, in millionths of the currency; None if it is unknown."""
        if self.micros_in is None or self.micros_out is None or tokens_in is None or tokens_out is None:
            return None
        return ceil((tokens_in * self.micros_in + tokens_out * self.micros_out) / 1_000_000)


class TokenBudget(NamedTuple):
    """The tokens that a model takes at a time, and how many of them are kept for its answer."""

    context: int
    answer: int

    def require(self, messages: Iterable[Message]) -> int:
        """The tokens of a prompt, about.

        Raises:
            ScriptTooLongForModel: with the answer, they are more than the model takes.
        """
        tokens = count_tokens(messages)
        if tokens + self.answer > self.context:
            raise ScriptTooLongForModel(tokens=tokens, answer=self.answer, limit=self.context)
        return tokens

    def holds(self, messages: Iterable[Message]) -> bool:
        """Whether a prompt and its answer fit."""
        return count_tokens(messages) + self.answer <= self.context


def count_tokens(messages: Iterable[Message]) -> int:
    """About how many tokens messages have: rather too many than too few."""
    return sum(_MESSAGE_TOKENS + tokens_of(message.content) for message in messages)


def tokens_of(text: str) -> int:
    """About how many tokens a text has."""
    tokens = 0
    for piece in _PIECES.finditer(text):
        word = piece["word"]
        if not piece[0].isascii():
            tokens += ceil(len(piece[0].encode()) / 3)
        elif word is None or len(word) == 1:
            tokens += 1
        elif word.isupper():
            tokens += ceil(len(word) / 3)
        else:
            tokens += ceil(len(word) / _WORD_LETTERS)
    return tokens


def usage_of(answer: Completion, price: Price) -> Usage:
    """What an answer cost."""
    return Usage(
        model=answer.model[:120],
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
        cost_micros=price.cost_micros(answer.tokens_in, answer.tokens_out),
        currency=price.currency,
        latency_ms=answer.latency_ms,
    )
