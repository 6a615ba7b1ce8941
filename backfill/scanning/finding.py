"""A finding of a scan: a place in the source, what is wrong there, and what is to be done; no value of a row."""

from __future__ import annotations

import hmac
import re
from typing import Literal, NamedTuple

from msgspec import Struct

Decision = Literal["block", "quarantine", "repair", "report"]

HASH_DIGITS = 16
UNKNOWN_DAY = "unknown"

_DAY = re.compile(r"[0-9]{4}-(?:0[0-9]|1[0-2])-(?:[0-2][0-9]|3[01])(?![0-9])")


class Finding(Struct, frozen=True, omit_defaults=True):
    """One finding. It names a place and never a value: `hash` is keyed, so that it cannot be guessed from outside.

    `key` is None if the whole table or column is meant. `decision` differs from the default of the code where the
    mapping, or the case, says so.
    """

    code: str
    table: str
    key: str | None
    column: str | None
    decision: Decision
    length: int | None = None
    hash: str | None = None
    note: str = ""


class Loss(NamedTuple):
    """Lines that a save lost: for the headline of a report. `at` is a day, or UNKNOWN_DAY."""

    script: str
    lines: int
    at: str
    table: str
    last_good: str
    restored: str | None


def keyed_hash(key: bytes, data: bytes) -> str:
    """The hash of a value under a key that is in no report."""
    return hmac.digest(key, data, "sha256").hex()[:HASH_DIGITS]


def day_of(at: str) -> str:
    """The day of a time; UNKNOWN_DAY if the text does not begin with one: it may be any text of a row."""
    found = _DAY.match(at)
    return UNKNOWN_DAY if found is None else found[0]
