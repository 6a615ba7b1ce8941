"""Broker trouble: a Redis that is full, read-only or loading counts as unavailable until it accepts commands again.

The log has one line at the beginning and one at the end, and the delays between retries grow. Refused messages of other
producers are logged without their content, and only up to a limit a minute.
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

# What errors mean that do not pass by waiting.
_MEANINGS = {
    "NoPermissionError": "the user in SCRIPTLEDGER_BROKER_URL lacks a permission",
    "AuthenticationError": "the password is refused; a process that has an old one needs a restart",
    "OutOfMemoryError": "Redis has reached its maxmemory",
    "ReadOnlyError": "Redis is a replica, or was made one",
    "WRONGTYPE": "a key of ours has another type; it is moved out of the way",
}
# What an operator changes.
_CHANGES = {
    "NoPermissionError": "Permit the user what workers need",
    "OutOfMemoryError": "Raise its maxmemory, or delete what fills it, which `redis-cli --memkeys` names",
    "ReadOnlyError": "Name the primary in SCRIPTLEDGER_BROKER_URL, or let this server take writes",
    "NOREPLICAS": "Start its replicas, or lower its min-replicas-to-write",
    "MISCONF": "Free disk space on its machine: it cannot save its data",
}

log = structlog.get_logger(__name__)


class BrokerTrouble:
    """The error codes with which the broker refuses commands, and since when."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._codes: dict[str, None] = {}
        self._began = 0.0
        self._pause = 0.0
        self._last = 0.0
        self._logged = 0.0
        self._refused = 0

    @property
    def codes(self) -> list[str]:
        """The error codes with which the broker refuses commands now."""
        return list(self._codes)

    def begins(self, error: Exception) -> float:
        """Record that a command was refused; return how many seconds to wait before the next."""
        code = code_of(error)
        if code not in self._codes:
            self._began = self._began if self._codes else self._clock()
            self._codes[code] = None
            log.error("broker.refuses", code=code, advice=meaning_of(code))
        self._last = now = self._clock()
        self._refused += 1
        if now - max(self._began, self._logged) >= WINDOW_SECONDS:
            self._logged = now
            log.error("broker.still_refuses", code=code, refused=self._refused, seconds=round(now - self._began))
        self._pause = min(max(self._pause * 2, FIRST_PAUSE_SECONDS), MAX_PAUSE_SECONDS)
        return self._pause

    def ends(self) -> None:
        """Record that a command succeeded. A full Redis refuses only some: the end is logged after `QUIET_SECONDS`."""
        if self._codes and self._clock() - self._last < QUIET_SECONDS:
            return
        if self._codes:
            seconds = round(self._clock() - self._began, 1)
            log.warning("broker.takes_commands", code=", ".join(self._codes), seconds=seconds)
            self._codes.clear()
            self._refused = 0
        self._pause = 0.0


class BoundedLog:
    """Warnings about messages of other producers: `MAX_LINES` a minute, then a count of those left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._lines = 0

    def warning(self, event: str, **fields: object) -> None:
        """Log a line, unless the limit is reached."""
        now = self._clock()
        if now - self._since >= WINDOW_SECONDS:
            if self._lines > MAX_LINES:
                log.warning("log.left_out", lines=self._lines - MAX_LINES)
            self._since, self._lines = now, 0
        self._lines += 1
        if self._lines <= MAX_LINES:
            log.warning(event, **fields)


def meaning_of(code: str) -> str:
    """What an error code with which the broker refuses a command means."""
    return _MEANINGS.get(code, "retrying until the command is accepted")


def change_for(code: str) -> str:
    """What an operator changes so that the broker accepts commands again; empty if it may pass by itself."""
    return _CHANGES.get(code, "")


def cause_of(error: BaseException) -> Exception:
    """The original error, before libraries wrapped it, or one that an operator ends, like a refused password."""
    while (cause := error.__cause__ or error.__context__) is not None:
        if isinstance(error, Exception) and code_of(error) in _MEANINGS:
            break
        error = cause
    return error if isinstance(error, Exception) else RuntimeError()


def code_of(error: Exception) -> str:
    """The error code of Redis, without the rest of its message, which may quote a command."""
    word = str(error).partition(" ")[0]
    is_generic = type(error) in (exceptions.ResponseError, exceptions.ConnectionError)
    return word if is_generic and word.isascii() and word.isupper() and len(word) <= 20 else type(error).__name__


# One of each per process: it has one broker.
trouble = BrokerTrouble()
refusals = BoundedLog()
