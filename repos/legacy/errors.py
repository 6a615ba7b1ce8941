"""Errors of the legacy source: one sentence each, without a password and without a value of a row.

A driver's own text is never passed on, because it may quote the key of a row or a part of the URL; an error without a
sentence of its own is reported by its number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.errors import LedgerError
from repos.database.error_codes import UNREACHABLE

SIGN_IN_REFUSED = frozenset({1044, 1045, 1698, 1130, 1862})
NO_SUCH_SCHEMA = 1049
NO_SELECT = frozenset({1142, 1143, 1227, 1370})
NO_SUCH_TABLE = frozenset({1146, 1932})
BROKEN_VIEW = 1356
INTERRUPTED = frozenset({1317, 1969, 3024})
# The connection or the server ended while it was used.
LOST = frozenset({0, 1053, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2014, 2055, 3169, 4031})
CRASHED_TABLE = frozenset({126, 127, 144, 145, 1034, 1194, 1195, 1712})
SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class SourceError(LedgerError):
    """A legacy source that cannot be read; `code` is stable, the message one sentence. Nothing was written."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)

    def __reduce__(self) -> tuple[type[SourceError], tuple[str, str]]:
        # Passed on between the processes of a proof.
        return SourceError, (self.code, str(self))


@contextmanager
def explained(where: str, table: str | None = None) -> Iterator[None]:
    """Turn a driver's error into a `SourceError`; `where` is the source without its password."""
    try:
        yield
    except DBAPIError as error:
        raise _error_of(error.orig or error, where, table) from None
    except (pymysql.Error, sqlite3.Error) as error:
        raise _error_of(error, where, table) from None
    except UnicodeDecodeError as error:
        raise SourceError(
            "source_encoding",
            f"{_in(where, table)} holds text that is not valid {error.encoding}: repair it or drop the column.",
        ) from None
    except SQLAlchemyError as error:
        raise SourceError(
            "source_refused", f"{_in(where, table)} cannot be described ({type(error).__name__})."
        ) from None


def _error_of(error: BaseException, where: str, table: str | None) -> SourceError:
    if isinstance(error, sqlite3.Error):
        return _of_file(error, where, table)
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    for numbers, code, sentence in (
        (SIGN_IN_REFUSED, "source_sign_in", f"The server of {where} refused the sign-in: check user and password."),
        ({NO_SUCH_SCHEMA}, "source_unknown", f"There is no database {where}: check its name in the URL."),
        (NO_SELECT, "source_no_select", f"The account may not read {_what(where, table)}: grant it SELECT."),
        (NO_SUCH_TABLE, "source_no_table", f"{_in(where, table)} cannot be opened: it is missing or damaged."),
        (CRASHED_TABLE, "source_no_table", f"{_in(where, table)} is marked as crashed: repair it first."),
        ({BROKEN_VIEW}, "source_broken_view", f"{_in(where, table)} is a view whose own query fails."),
        (UNREACHABLE, "source_unreachable", f"The server of {where} cannot be reached: check host and port."),
        (INTERRUPTED, "source_interrupted", f"The server ended the reading of {_what(where, table)}: try a replica."),
        (LOST, "source_lost", f"The connection to {where} was lost: nothing was written, run it again."),
    ):
        if number in numbers:
            return SourceError(code, sentence)
    return SourceError("source_refused", f"{_in(where, table)} cannot be read: the server reported error {number}.")


def _of_file(error: sqlite3.Error, where: str, table: str | None) -> SourceError:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary in SQLITE_BUSY:
        return SourceError("source_busy", f"Another program is writing to {where}: run it again when it has finished.")
    if primary in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}:
        return SourceError("source_unknown", f"There is no SQLite file {where}, or it cannot be read.")
    if primary in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return SourceError("source_damaged", f"{where} is not an SQLite database, or it is damaged.")
    return SourceError("source_refused", f"{_in(where, table)} cannot be read: SQLite reported error {primary}.")


def _what(where: str, table: str | None) -> str:
    return f"the table {table}" if table else where


def _in(where: str, table: str | None) -> str:
    what = _what(where, table)
    return what[0].upper() + what[1:] if table else what
