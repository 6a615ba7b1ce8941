"""Attacks on regular expressions: texts that make one take longer than in proportion to them, made from its parts.

Where a part may repeat, a text that it takes many times is put behind the shortest way to it, and then something that
nothing takes: a pattern that can divide that text in many ways tries them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from re import _constants as sre  # type: ignore[attr-defined]  # the standard library's own, without types
from re import _parser
from typing import Any

REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
ENDS = ("", "\x00", "!", "\n", "x", "\U0010ffff")
MAX_SAMPLES = 12
SAMPLED = (*"ab0 \t\n\r-_.:'\"<>[]/*#@~=!\\", "\x00", "\x85", "é", "’", "\u2028", "\ud800")
"""Characters that stand for a class: whichever of them it takes."""


def attacks(pattern: str | bytes, flags: int, length: int) -> Iterator[str]:
    """Texts of about that length against a pattern, which may be one for bytes."""
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    tree = list(_parser.parse(text, flags & ~(sre.SRE_FLAG_UNICODE | sre.SRE_FLAG_ASCII)))
    seen: set[str] = set()
    for prefix, body in _repeated(tree, ""):
        for sample in _samples(body):
            for unit in (sample, prefix + sample):
                if not unit or unit in seen:
                    continue
                seen.add(unit)
                times = max(2, length // len(unit))
                for end in ENDS:
                    yield prefix + unit * times + end
    for whole in islice(_samples(tree), MAX_SAMPLES):
        if whole:
            yield whole * (length // len(whole) or 1)


def _repeated(tree: list[Any], prefix: str) -> Iterator[tuple[str, list[Any]]]:
    """Every part that may repeat, with the shortest text that leads to it."""
    for operation, value in tree:
        if operation in REPEATS:
            _, limit, body = value
            if limit > 1:
                yield prefix, list(body)
            yield from _repeated(list(body), prefix)
        elif operation is sre.SUBPATTERN:
            yield from _repeated(list(value[-1]), prefix)
        elif operation is sre.BRANCH:
            for branch in value[1]:
                yield from _repeated(list(branch), prefix)
        elif operation in (sre.ASSERT, sre.ASSERT_NOT):
            yield from _repeated(list(value[1]), prefix)
        elif operation is sre.ATOMIC_GROUP:
            yield from _repeated(list(value), prefix)
        prefix += next(_samples([(operation, value)]), "")


def _samples(tree: list[Any]) -> Iterator[str]:
    """Some texts that a sequence takes, the shortest first."""
    if not tree:
        yield ""
        return
    (operation, value), *rest = tree
    for first in islice(_of_one(operation, value), MAX_SAMPLES):
        for more in islice(_samples(rest), 4):
            yield first + more


def _of_one(operation: Any, value: Any) -> Iterator[str]:
    if operation is sre.LITERAL:
        yield chr(value)
    elif operation in (sre.NOT_LITERAL, sre.ANY, sre.IN):
        yield from (character for character in SAMPLED if _takes(operation, value, character))
    elif operation in REPEATS:
        least, limit, body = value
        for sample in _samples(list(body)):
            yield sample * max(least, 1 if limit else 0)
            if least == 0:
                yield ""
    elif operation is sre.SUBPATTERN:
        yield from _samples(list(value[-1]))
    elif operation is sre.BRANCH:
        for branch in value[1]:
            yield from islice(_samples(list(branch)), 3)
    elif operation is sre.ATOMIC_GROUP:
        yield from _samples(list(value))
    else:
        yield ""  # a look around, a border, a reference


def _takes(operation: Any, value: Any, character: str) -> bool:
    if operation is sre.ANY:
        return character != "\n"
    if operation is sre.NOT_LITERAL:
        return ord(character) != value
    negated = any(kind is sre.NEGATE for kind, _ in value)
    return negated != any(_is_in(kind, part, character) for kind, part in value)


def _is_in(kind: Any, part: Any, character: str) -> bool:
    if kind is sre.LITERAL:
        return ord(character) == part
    if kind is sre.RANGE:
        return bool(part[0] <= ord(character) <= part[1])
    if kind is sre.CATEGORY:
        name = str(part)
        found = {"DIGIT": character.isdigit(), "SPACE": character.isspace()}.get(
            name.rpartition("_")[2], character.isalnum() or character == "_"
        )
        return found != ("_NOT_" in name)
    return False
