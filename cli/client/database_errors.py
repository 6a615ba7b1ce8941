"""Database errors as one sentence each: what is wrong and what to check."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from cli.terminal.exit_status import Ending, Exit
from repos.database.driver_errors import DatabaseUnreachable, DriverError
from repos.database.error_codes import DISK_FULL, READ_ONLY, READ_ONLY_MODE, TABLE_FULL
from workers.settings import Settings, without_password

SIGN_IN_REFUSED = frozenset({1044, 1045, 1698})
NO_SUCH_DATABASE = 1049
NO_ROOM = frozenset({DISK_FULL, TABLE_FULL})
ONLY_READ = frozenset({READ_ONLY, READ_ONLY_MODE})

# SQLite needs at least this much free disk space.
MIN_FREE_BYTES = 64 * 1024


def database_ending(chosen: Settings, error: Exception) -> Ending | None:
    """Why the database of these settings failed; None if the error's own text is better."""
    where = without_password(chosen.database_url)
    if chosen.sqlite_file is not None and (ending := _with_file(chosen.sqlite_file)) is not None:
        return ending
    reason = _reason(error)
    for number in _numbers(error):
        if (ending := _by_number(number, where, reason)) is not None:
            return ending
    if isinstance(error, DatabaseUnreachable) and chosen.sqlite_file is not None:
        return _ending("database_unreachable", f"The database {where} cannot be opened: is it an SQLite file?", reason)
    if isinstance(error, DatabaseUnreachable):
        sentence = f"The database {where} cannot be reached: start it, or name another in SCRIPTLEDGER_DATABASE_URL."
        return _ending("database_unreachable", sentence, reason)
    if isinstance(error, DriverError):
        return _ending("database_refused", f"The database {where} reported an error: {reason}.")
    return None


def _with_file(file: Path) -> Ending | None:
    """What is wrong with the folder of an SQLite file, which needs space and write permission even for reading."""
    folder = next((parent for parent in file.parents if parent.exists()), file.parent)
    if not os.access(folder, os.W_OK):
        sentence = f"Nothing can be written in {folder}: check its permissions, or choose another SCRIPTLEDGER_HOME."
        return _ending("read_only", sentence)
    if shutil.disk_usage(folder).free < MIN_FREE_BYTES:
        return _ending("disk_full", f"The disk that holds {folder} is full: free some space and try again.")
    return None


def _by_number(number: int, where: str, reason: str) -> Ending | None:
    check = "in SCRIPTLEDGER_DATABASE_URL"
    if number in SIGN_IN_REFUSED:
        sentence = f"The database {where} refused the sign-in: check user and password {check}."
        return _ending("database_sign_in", sentence, reason)
    if number == NO_SUCH_DATABASE:
        return _ending("no_database", f"There is no database {where}: create it, or name another {check}.", reason)
    if number in NO_ROOM:
        return _ending("disk_full", f"The disk of the database {where} is full: free some space and try again.", reason)
    if number in ONLY_READ:
        return _ending(
            "read_only", f"The database {where} is read-only: name the one that takes writes {check}.", reason
        )
    return None


def _numbers(error: BaseException) -> Iterator[int]:
    """The MySQL error numbers of an error and of its cause."""
    for raised in (error, error.__cause__):
        if raised is not None and raised.args and isinstance(raised.args[0], int):
            yield raised.args[0]


def _reason(error: BaseException) -> str:
    cause = error.__cause__ or error
    return str(cause.args[-1] if cause.args else cause).rstrip(".")


def _ending(code: str, sentence: str, reason: str = "") -> Ending:
    return Ending(Exit.UNREACHABLE, f"{sentence} ({reason})" if reason else sentence, code=code)
