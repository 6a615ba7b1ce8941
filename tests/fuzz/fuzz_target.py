"""Fuzz target: a source of inputs and the function under test, with the checks that every refusal must pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis.strategies import SearchStrategy

from domain.errors import Rejected

REFUSALS = Path(__file__).parents[2] / "docs" / "reference" / "refusals.md"
ACCEPTED = "accepted"
MAX_SENTENCE = 1_000

# Characters that no message or rendered answer may hold: controls, direction overrides, half surrogates.
RAW = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

# Processes an input and returns ACCEPTED or the code of its refusal. Any exception is a finding.
Feed = Callable[[Any], str]


class Target(NamedTuple):
    """One entry point and its inputs. `opened` creates the environment for `feed` in an empty folder."""

    name: str
    inputs: SearchStrategy[Any]
    opened: Callable[[Path], AbstractContextManager[Feed]]


def code_of(refusal: Rejected) -> str:
    """The code of a refusal, after `check_refusal`."""
    check_refusal(refusal.code, refusal.message)
    return refusal.code


def check_refusal(code: str, message: str) -> None:
    """Fail for an undocumented code, or a message that is too long or unsafe for a terminal."""
    assert code in documented_codes(), f"the code {code!r} is not in docs/reference/refusals.md"
    assert 0 < len(message) <= MAX_SENTENCE, f"the message of {code} has {len(message)} characters"
    check_shown(message)


def check_shown(text: str) -> None:
    """Fail for text with characters that a terminal or browser interprets instead of showing."""
    match = RAW.search(text.replace("\n", " "))
    assert match is None, f"U+{ord(match.group()):04X} is not escaped: {text[:200]!r}"


@cache
def documented_codes() -> frozenset[str]:
    """Every code in the reference, which is generated from the program and checked by a test."""
    return frozenset(_codes(REFUSALS.read_text(encoding="utf-8")))


def _codes(page: str) -> Iterator[str]:
    for match in re.finditer(r"^\| `([a-z0-9_]+)` \|", page, re.MULTILINE):
        yield match.group(1)
