"""Errors as logs show them: classes, numbers and places in the code, without texts that may quote a script."""

from __future__ import annotations

from collections.abc import Iterator
from traceback import extract_tb

from domain.errors import Conflict
from repos.database.driver_errors import DriverError, DuplicateKey
from repos.database.error_codes import CONFLICTS, UNREACHABLE

# More frames than any call of ours is deep, except a recursion.
MAX_FRAMES = 60
MAX_CAUSES = 8
_KNOWN_ERRORS = {**CONFLICTS, **UNREACHABLE}
# Errors of the broker's driver whose message may quote the URL.
_MEANINGS = {"AuthenticationError": "the password is refused; a process that has an old one needs a restart"}


def problem_of(error: BaseException) -> str:
    """What an error is, in a few words that quote nothing of a submission.

    A driver's message quotes values that the database refused, and a refusal quotes the edit; those of a lost
    connection and of a lock name only the server.
    """
    name = type(error).__name__
    if name in _MEANINGS:
        return f"{name}: {_MEANINGS[name]}"
    if isinstance(error, Conflict) and not isinstance(error, DuplicateKey):
        return f"{name}: {error}"
    if isinstance(error, DriverError):
        number = error.args[0] if error.args else None
        meaning = _KNOWN_ERRORS.get(number) if isinstance(number, int) else None
        return f"{name} {number}{f': {meaning}' if meaning else ''}" if isinstance(number, int) else name
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return name


def trace_of(error: BaseException) -> str:
    """The chain of errors that led to this one, each with its places in the code, the innermost place last."""
    return "\n".join(_lines(error))


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """An error and those that led to it, at most `MAX_CAUSES`."""
    cause: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _lines(error: BaseException) -> Iterator[str]:
    for number, cause in enumerate(causes_of(error)):
        yield ("caused by " if number else "") + problem_of(cause)
        for frame in extract_tb(cause.__traceback__)[-MAX_FRAMES:]:
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
