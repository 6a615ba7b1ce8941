"""Trouble with the broker: a Redis that is full, read-only or loading is away, for as long as it says so.

The log has a line when it begins and one when it is over, and the pauses between tries grow. What is refused of what
others put into the broker is logged without a word of it, and only so many times a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from redis import exceptions

MAX_PAUSE_SECONDS = 4.0
FIRST_PAUSE_SECONDS = 0.25
MAX_LINES = 100
WINDOW_SECONDS = 60.0
QUIET_SECONDS = 5.0

# What to do about it, where it is not to wait.
_ADVICE = {
    "NoPermissionError": "the user in SCRIPTLEDGER_BROKER_URL lacks a permission",
    "AuthenticationError": "the password in SCRIPTLEDGER_BROKER_URL is refused",
    "OutOfMemoryError": "Redis has reached its maxmemory",
    "ReadOnlyError": "Redis is a replica, or was made one",
    "WRONGTYPE": "a key of ours has another type; it is moved out of the way",
}

log = structlog.get_logger(__name__)


class BrokerTrouble:
    """How the broker refuses commands, and since when."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._codes: dict[str, None] = {}
        self._began = 0.0
        self._pause = 0.0
        self._last = 0.0

    def begins(self, error: Exception) -> float:
        """Note that a command was refused; how many seconds to wait before the next."""
        code = code_of(error)
        if code not in self._codes:
            self._began = self._began if self._codes else self._clock()
            self._codes[code] = None
            log.error("broker.refuses", code=code, advice=_ADVICE.get(code, "waiting until it does not"))
        self._last = self._clock()
        self._pause = min(max(self._pause * 2, FIRST_PAUSE_SECONDS), MAX_PAUSE_SECONDS)
        return self._pause

    def ends(self) -> None:
        """Note that a command was carried out. A full Redis does some and not others: one line has to do."""
        if self._codes and self._clock() - self._last < QUIET_SECONDS:
            return
        if self._codes:
            seconds = round(self._clock() - self._began, 1)
            log.warning("broker.takes_commands", code=", ".join(self._codes), seconds=seconds)
            self._codes.clear()
        self._pause = 0.0


class BoundedLog:
    """Warnings about what strangers cause, of which there may be any number: so many a minute, and how many more."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._lines = 0

    def warning(self, event: str, **fields: object) -> None:
        """Log a line, unless there were too many."""
        now = self._clock()
        if now - self._since >= WINDOW_SECONDS:
            if self._lines > MAX_LINES:
                log.warning("log.left_out", lines=self._lines - MAX_LINES)
            self._since, self._lines = now, 0
        self._lines += 1
        if self._lines <= MAX_LINES:
            log.warning(event, **fields)


def cause_of(error: BaseException) -> Exception:
    """What an error was first, before libraries wrapped it."""
    while (before := error.__cause__ or error.__context__) is not None:
        error = before
    return error if isinstance(error, Exception) else RuntimeError()


def code_of(error: Exception) -> str:
    """What Redis calls it, without the rest of its sentence, which may quote a command."""
    word = str(error).partition(" ")[0]
    plain = type(error) in (exceptions.ResponseError, exceptions.ConnectionError)
    return word if plain and word.isascii() and word.isupper() and len(word) <= 20 else type(error).__name__


# One of each a process: it has one broker.
trouble = BrokerTrouble()
refusals = BoundedLog()
