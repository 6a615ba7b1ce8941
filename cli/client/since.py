"""Times as a user names them in filters: an age, or the beginning of a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from materialization.clock import system_clock

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
MAX_DIGITS = 9

Since = Annotated[
    str | None,
    typer.Option(
        metavar="TIME|AGE",
        help="Only those at or after a time (ISO 8601, local without a zone), or an age: 90s, 30m, 2h, 3d, 1w.",
        show_default=False,
    ),
]


def moment_of(text: str | None, option: str = "--since", *, now: int | None = None) -> int | None:
    """Microseconds since 1970 UTC of a time or an age; None without an option.

    Raises:
        BadParameter: it is neither. An empty text, as of an empty variable of a shell, does not choose everything.
    """
    if text is None:
        return None
    now = system_clock() if now is None else now
    number, unit = text[:-1], text[-1:]
    if unit in UNITS and number.isascii() and number.isdecimal() and len(number) <= MAX_DIGITS:
        return max(0, now - int(number) * UNITS[unit] * 1_000_000)
    try:
        whole = datetime.fromisoformat(text).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter(
            f"{text[:80]!r} is neither an age, like 30m, 2h or 3d, nor a time, like 2026-11-23T09:30",
            param_hint=option,
        ) from None
    return whole // timedelta(microseconds=1)
