"""Server clock: the time by the database's clock, in microseconds since 1970 UTC; hosts may have other clocks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, literal_column, select

# By dialect: SQLite runs on the clock of its process. The sessions of a server are in UTC (`repos.database.engine`).
SERVER_CLOCK: dict[bool, ColumnElement[Any]] = {
    True: literal_column("CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"),
    False: literal_column("CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)"),
}
# The time, and whether the server takes no writes.
SELECT_CLOCK_AND_MODE: dict[bool, Select[Any]] = {
    True: select(SERVER_CLOCK[True], literal_column("0")),
    False: select(SERVER_CLOCK[False], literal_column("@@GLOBAL.read_only")),
}


def is_on(mode: object) -> bool:
    """Whether a read value of `read_only` means that no writes are taken: a number, or a word of newer MariaDBs."""
    return str(mode).upper() not in {"0", "OFF"}
