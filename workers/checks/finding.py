"""Findings of checks, and the checks themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

Level = Literal["fine", "warning", "fault"]
SEVERITY: dict[Level, int] = {"fault": 0, "warning": 1, "fine": 2}


class Finding(NamedTuple):
    """What a check found: one sentence that says what is so, and one that says what to change."""

    level: Level
    sentence: str
    change: str = ""


class Result(NamedTuple):
    """The finding of one check, which has a name and is about its area, like the database or the broker."""

    area: str
    check: str
    finding: Finding


class Check(NamedTuple):
    """One check. Its title names what it looks at.

    `examine` gets what is checked: `ServerFacts`, `Broker`, the path of an SQLite file, or `Settings`. Checks
    `at_start` are cheap; where one finds a fault, a worker does not start, unless it `only_warns`.
    """

    title: str
    examine: Callable[[Any], Finding]
    at_start: bool = False
    only_warns: bool = False


def fine(sentence: str) -> Finding:
    """Nothing to change."""
    return Finding("fine", sentence)


def warning(sentence: str, change: str) -> Finding:
    """Something that costs something, or may go wrong."""
    return Finding("warning", sentence, change)


def fault(sentence: str, change: str) -> Finding:
    """Something with which the program does not work, or loses what it promised to keep."""
    return Finding("fault", sentence, change)
