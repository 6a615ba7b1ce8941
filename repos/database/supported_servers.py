"""Supported servers: MariaDB and MySQL. A server with their protocol but without their locks is refused."""

from __future__ import annotations

from typing import Any

from domain.errors import LedgerError

# TiDB runs the text in /*T! … */; for every other server it is a comment. TiDB's version string is configurable, so
# the version alone does not identify it.
_VERSION_QUERY = "SELECT @@version_comment /*T! , tidb_version() */"
_TIDB = "tidb"


class UnsupportedServer(LedgerError):
    """A database server whose locks do not keep two workers from writing to one script at the same time."""


def require_supported(connection: Any) -> None:
    """Refuse a server that is known not to take row locks.

    Raises:
        UnsupportedServer: the server is TiDB, judged by its version, its comment or its functions.
    """
    with connection.cursor() as cursor:
        cursor.execute(_VERSION_QUERY)
        comment, *more = cursor.fetchone()
    version = str(connection.get_server_info())
    if more or _TIDB in version.lower() or _TIDB in str(comment).lower():
        raise UnsupportedServer(
            f"The database server is TiDB ({version}), which takes no lock for SELECT … FOR UPDATE SKIP LOCKED: edits "
            "would be lost. Use a MariaDB (10.11 or newer) or a MySQL (8.4 or newer) in SCRIPTLEDGER_DATABASE_URL."
        )
