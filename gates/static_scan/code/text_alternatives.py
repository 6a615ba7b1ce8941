"""The texts that an expression can have, as alternatives; parts of them after one another, or one of several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

from gates.static_scan.code.changed_text import MAX_CHARACTERS
from gates.static_scan.code.syntax import Function
from gates.static_scan.sql.sql_words import HOLE

MAX_ALTERNATIVES = 8
# Further choices are not known.
MAX_CHOICES = 64


class Folded(NamedTuple):
    """The alternatives of an expression's text, the parameters it depends on, and where its literals are.

    A text that is a hole and nothing else is not known at all.
    """

    texts: tuple[str, ...]
    parameters: frozenset[tuple[Function, str]] = frozenset()
    literals: tuple[int, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether any part of it is known."""
        return any(text.strip() not in ("", HOLE) for text in self.texts)


UNKNOWN = Folded((HOLE,))


def joined(parts: Iterable[Folded]) -> Folded:
    """Parts after one another."""
    listed = [part if part.texts else UNKNOWN for part in parts]
    texts: tuple[str, ...] = ("",)
    for part in listed:
        pairs = (
            product(texts, part.texts)
            if len(texts) * len(part.texts) <= MAX_ALTERNATIVES
            else product(texts, UNKNOWN.texts)
        )
        texts = tuple((before + after)[:MAX_CHARACTERS] for before, after in pairs)
    return Folded(texts, _parameters(listed), tuple(each for part in listed for each in part.literals))


def either(choices: Sequence[Folded]) -> Folded:
    """One of several."""
    texts = tuple(dict.fromkeys(text for choice in choices for text in choice.texts))
    if len(texts) > MAX_CHOICES:
        texts = (*texts[: MAX_CHOICES - 1], HOLE)
    return Folded(texts, _parameters(choices), tuple(each for choice in choices for each in choice.literals))


def _parameters(parts: Iterable[Folded]) -> frozenset[tuple[Function, str]]:
    return frozenset(each for part in parts for each in part.parameters)
