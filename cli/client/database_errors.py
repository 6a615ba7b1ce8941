"""What a database said instead of doing what was asked, in a sentence that says what to check."""

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

MIN_FREE_BYTES = 64 * 1024
"""Bytes on a disk that SQLite cannot do without."""


def trouble(chosen: Settings, error: Exception) -> Ending | None:
    """Why the database of these settings failed; None where the error says so best."""
    where = without_password(chosen.database_url)
    if chosen.sqlite_file is not None and (found := _with_file(chosen.sqlite_file)) is not None:
        return found
    said = _said(error)
    for number in _numbers(error):
        if (found := _by_number(number, where, said)) is not None:
            return found
    if isinstance(error, DatabaseUnreachable) and chosen.sqlite_file is not None:
        return _ending("database_unreachable", f"The database {where} cannot be opened: is it a file of SQLite?", said)
    if isinstance(error, DatabaseUnreachable):
        sentence = f"The database {where} cannot be reached: start it, or name another in SCRIPTLEDGER_DATABASE_URL."
        return _ending("database_unreachable", sentence, said)
    if isinstance(error, DriverError):
        return _ending("database_refused", f"The database {where} did not do it: {said}.")
    return None


def _with_file(file: Path) -> Ending | None:
    """What is wrong with the folder of an SQLite file, which needs room and leave to write even when it is read."""
    folder = next((each for each in file.parents if each.exists()), file.parent)
    if not os.access(folder, os.W_OK):
        sentence = f"Nothing can be written in {folder}: check its permissions, or choose another SCRIPTLEDGER_HOME."
        return _ending("read_only", sentence)
    if shutil.disk_usage(folder).free < MIN_FREE_BYTES:
        return _ending("disk_full", f"The disk that holds {folder} is full: make room, and try again.")
    return None


def _by_number(number: int, where: str, said: str) -> Ending | None:
    check = "in SCRIPTLEDGER_DATABASE_URL"
    if number in SIGN_IN_REFUSED:
        sentence = f"The database {where} does not let us in: check user and password {check}."
        return _ending("database_sign_in", sentence, said)
    if number == NO_SUCH_DATABASE:
        return _ending("no_database", f"There is no database {where}: create it, or name another {check}.", said)
    if number in NO_ROOM:
        return _ending("disk_full", f"The disk of the database {where} is full: make room, and try again.", said)
    if number in ONLY_READ:
        return _ending(
            "read_only", f"The database {where} may only be read: name the one that is written {check}.", said
        )
    return None


def _numbers(error: BaseException) -> Iterator[int]:
    """The numbers that MySQL gave an error and the one behind it, which may be itself."""
    for each in (error, error.__cause__):
        if each is not None and each.args and isinstance(each.args[0], int):
            yield each.args[0]


def _said(error: BaseException) -> str:
    spoken = error.__cause__ or error
    return str(spoken.args[-1] if spoken.args else spoken).rstrip(".")


def _ending(code: str, sentence: str, said: str = "") -> Ending:
    return Ending(Exit.UNREACHABLE, f"{sentence} ({said})" if said else sentence, code=code)
