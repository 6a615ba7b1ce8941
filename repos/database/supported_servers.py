"""Supported servers: MariaDB and MySQL. What speaks their protocol and does not keep their promises is refused."""

from __future__ import annotations

from typing import Any

from domain.errors import LedgerError

# TiDB runs what stands in /*T! … */; for every other server it is a comment. The version may be configured there, so
# that the name alone does not say enough.
_ASK = "SELECT @@version_comment /*T! , tidb_version() */"
_TIDB = "tidb"


class UnsupportedServer(LedgerError):
    """A database server on which two workers would write to one script at the same time."""


def require_supported(connection: Any) -> None:
    """Refuse a server that is known to take no lock where it is asked for one.

    Raises:
        UnsupportedServer: it is TiDB, by its version, its comment or its functions.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ASK)
        comment, *more = cursor.fetchone()
    version = str(connection.get_server_info())
    if more or _TIDB in version.lower() or _TIDB in str(comment).lower():
        raise UnsupportedServer(
            f"The database server is TiDB ({version}), which takes no lock for SELECT … FOR UPDATE SKIP LOCKED: edits "
            "would be lost. Name a MariaDB (10.11 or newer) or a MySQL (8.4 or newer) in SCRIPTLEDGER_DATABASE_URL."
        )
