"""Time zones as a mapping names them: IANA names and fixed offsets."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_OFFSET = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)")


def time_zone(name: str) -> tzinfo | None:
    """The zone of a name like `UTC`, `America/Chicago` or `-06:00`; None if there is none."""
    if match := _OFFSET.fullmatch(name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def offset_name(minutes: int) -> str:
    """The name of a fixed offset."""
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
