"""Trouble with the database: what is wrong, what to do, and the driver's reason, without a password."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from repos.database.driver_errors import DatabaseUnreachable, DriverError
from repos.database.error_codes import DISK_FULL, PACKET_TOO_LARGE, READ_ONLY, READ_ONLY_MODE, TABLE_FULL
from workers.settings import Settings, without_password

SIGN_IN_REFUSED = frozenset({1044, 1045, 1698})
NO_SUCH_DATABASE = 1049
NO_ROOM = frozenset({DISK_FULL, TABLE_FULL})
ONLY_READ = frozenset({READ_ONLY, READ_ONLY_MODE})

# SQLite needs at least this much free disk space.
MIN_FREE_BYTES = 64 * 1024

_URL = "SCRIPTLEDGER_DATABASE_URL"


class DatabaseTrouble(NamedTuple):
    """Why a database cannot be used: a stable code, what is wrong, what to do, and the reason that the driver gave."""

    code: str
    problem: str
    change: str = ""
    reason: str = ""

    @property
    def sentence(self) -> str:
        """All of it in one sentence."""
        text = f"{self.problem}: {self.change}" if self.change else self.problem
        end = "" if text.endswith("?") else "."
        return f"{text}{end} ({self.reason})" if self.reason else f"{text}{end}"


def database_trouble(chosen: Settings, error: BaseException) -> DatabaseTrouble | None:
    """Why the database of these settings failed; None if the error's own text is better."""
    where = without_password(chosen.database_url)
    if chosen.sqlite_file is not None and (trouble := _with_file(chosen.sqlite_file)) is not None:
        return trouble
    reason = _reason(error)
    for number in _numbers(error):
        if (trouble := _by_number(number, where, reason)) is not None:
            return trouble
    if isinstance(error, DatabaseUnreachable) and chosen.sqlite_file is not None:
        problem = f"The database {where} cannot be opened"
        return DatabaseTrouble("database_unreachable", problem, "is it an SQLite file?", reason)
    if isinstance(error, DatabaseUnreachable):
        problem = f"The database {where} cannot be reached"
        return DatabaseTrouble("database_unreachable", problem, f"start it, or name another in {_URL}", reason)
    if isinstance(error, DriverError):
        return DatabaseTrouble("database_refused", f"The database {where} reported an error: {reason}")
    return None


def _with_file(file: Path) -> DatabaseTrouble | None:
    """What is wrong with the folder of an SQLite file, which needs space and write permission even for reading."""
    folder = next((parent for parent in file.parents if parent.exists()), file.parent)
    if not os.access(folder, os.W_OK):
        problem = f"Nothing can be written in {folder}"
        return DatabaseTrouble("read_only", problem, "check its permissions, or choose another SCRIPTLEDGER_HOME")
    if shutil.disk_usage(folder).free < MIN_FREE_BYTES:
        problem = f"The disk that holds {folder} is full"
        return DatabaseTrouble("disk_full", problem, "free some space and try again")
    return None


def _by_number(number: int, where: str, reason: str) -> DatabaseTrouble | None:
    if number in SIGN_IN_REFUSED:
        problem = f"The database {where} refused the sign-in"
        return DatabaseTrouble("database_sign_in", problem, f"check user and password in {_URL}", reason)
    if number == NO_SUCH_DATABASE:
        problem = f"There is no database {where}"
        return DatabaseTrouble("no_database", problem, f"create it, or name another in {_URL}", reason)
    if number in NO_ROOM:
        problem = f"The disk of the database {where} is full"
        return DatabaseTrouble("disk_full", problem, "free some space and try again", reason)
    if number == PACKET_TOO_LARGE:
        problem = f"The database {where} refused a statement that is larger than its max_allowed_packet"
        return DatabaseTrouble("packet_too_large", problem, "raise that on the server", reason)
    if number in ONLY_READ:
        problem = f"The database {where} is read-only"
        return DatabaseTrouble("read_only", problem, f"name the one that takes writes in {_URL}", reason)
    return None


def _numbers(error: BaseException) -> Iterator[int]:
    """The MySQL error numbers of an error and of its cause."""
    for raised in (error, error.__cause__):
        if raised is not None and raised.args and isinstance(raised.args[0], int):
            yield raised.args[0]


def _reason(error: BaseException) -> str:
    cause = error.__cause__ or error
    return str(cause.args[-1] if cause.args else cause).rstrip(".")
