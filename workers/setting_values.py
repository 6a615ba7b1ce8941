"""Values of settings: numbers, and the error for a value that is invalid."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NoReturn

from domain.errors import LedgerError

PREFIX = "SCRIPTLEDGER_"
MAX_DIGITS = 9
_AMOUNT = re.compile(r"(\d{1,6})(?:\.(\d{1,6}))?", re.ASCII)


class BadSetting(LedgerError):
    """An environment variable has an invalid value; the message names the variable and the expected value."""


def number(name: str, value: str, *, least: int = 1, most: int | None = None) -> int:
    """The number in a variable, 0 if it is empty."""
    is_number = value.isdecimal() and value.isascii() and len(value) <= MAX_DIGITS
    if value and not (is_number and least <= int(value) <= (int(value) if most is None else most)):
        refuse(name, f"a number from {least}" + ("" if most is None else f" to {most}"))
    return int(value or 0)


def choice(name: str, value: str, values: Iterable[str]) -> str:
    """The value of a variable if it is one of several, in any case; the first if it is empty."""
    choices = list(values)
    if value and value.lower() not in choices:
        refuse(name, f"one of {', '.join(choices)}")
    return value.lower() or choices[0]


def micros(name: str, value: str) -> int | None:
    """An amount of money like 2.50 in millionths, None if it is empty."""
    if not value:
        return None
    found = _AMOUNT.fullmatch(value)
    if found is None:
        refuse(name, "an amount like 2.50")
    return int(found[1]) * 1_000_000 + int((found[2] or "").ljust(6, "0"))


def refuse(name: str, wanted: str) -> NoReturn:
    """Refuse the value of a variable, without showing it: it may contain a password."""
    raise BadSetting(f"{PREFIX}{name} is not {wanted}.")
