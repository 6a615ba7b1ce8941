"""Trouble with the database: what is wrong, what to do, and the driver's reason, without a password."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from repos.database.driver_errors import DatabaseUnreachable, DriverError
from repos.database.error_codes import (
    DISK_FULL,
    NO_SUCH_DATABASE,
    PACKET_TOO_LARGE,
    READ_ONLY,
    READ_ONLY_MODE,
    SIGN_IN_REFUSED,
    TABLE_FULL,
    TOO_MANY_CONNECTIONS,
)
from workers.settings import Settings, without_password

NO_ROOM = frozenset({DISK_FULL, TABLE_FULL})
ONLY_READ = frozenset({READ_ONLY, READ_ONLY_MODE})

# SQLite needs at least this much free disk space.
MIN_FREE_BYTES = 64 * 1024

_URL = "SCRIPTLEDGER_DATABASE_URL"
# Error numbers, each with the code, what is wrong, and what to do.
_KNOWN: Final = (
    (
        SIGN_IN_REFUSED,
        "database_sign_in",
        "The database {where} refused the sign-in",
        f"check user and password in {_URL}",
    ),
    (
        {NO_SUCH_DATABASE},
        "no_database",
        "There is no database {where}",
        f"create it, or name another in {_URL}",
    ),
    (
        TOO_MANY_CONNECTIONS,
        "too_many_connections",
        "The database {where} takes no more connections",
        "raise max_connections on the server, or the limit of this account, or end what else is connected, which SHOW "
        "PROCESSLIST lists",
    ),
    (NO_ROOM, "disk_full", "The disk of the database {where} is full", "free some space and try again"),
    (
        {PACKET_TOO_LARGE},
        "packet_too_large",
        "The database {where} refused a statement that is larger than its max_allowed_packet",
        "raise that on the server",
    ),
    (ONLY_READ, "read_only", "The database {where} is read-only", f"name the one that takes writes in {_URL}"),
)


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
    for numbers, code, problem, change in _KNOWN:
        if number in numbers:
            return DatabaseTrouble(code, problem.format(where=where), change, reason)
    return None


def _numbers(error: BaseException) -> Iterator[int]:
    """The MySQL error numbers of an error and of its cause."""
    for raised in (error, error.__cause__):
        if raised is not None and raised.args and isinstance(raised.args[0], int):
            yield raised.args[0]


def _reason(error: BaseException) -> str:
    cause = error.__cause__ or error
    return str(cause.args[-1] if cause.args else cause).rstrip(".")
