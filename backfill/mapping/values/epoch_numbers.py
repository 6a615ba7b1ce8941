"""Times that are numbers since 1970."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from backfill.mapping.model import EPOCH, MICROSECOND

# Microseconds of the units of a number.
UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_DIGITS = frozenset("0123456789.-")
# Of a number that is stored as text.
MAX_DIGITS = 60
# The years 1 to 9999: an epoch time outside was stored in another unit.
FIRST = (datetime.fromisoformat("0001-01-01T00:00Z") - EPOCH) // MICROSECOND
LAST = (datetime.fromisoformat("9999-12-31T23:59:59.999999Z") - EPOCH) // MICROSECOND


def epoch_number(value: Any) -> Decimal | int | None:
    """A time as a number since 1970; None if the value is a date in words."""
    if isinstance(value, int | Decimal):
        return value
    if isinstance(value, float):
        return Decimal(repr(value))
    text = str(value).strip()
    if not 0 < len(text) <= MAX_DIGITS or not _DIGITS.issuperset(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
