"""Facts about a database server, read in two round trips: variables, session, grants of the account, and objects."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine

from repos.schema.contents import Contents, contents_of
from repos.schema.revision import connected
from repos.server_checks.held_locks import HeldLocks
from repos.server_checks.listed_role import listed_role
from repos.server_checks.readiness import database_problem

# Names differ between MariaDB and MySQL; a variable that a server does not have is simply not returned.
_VARIABLES = (
    "autocommit",
    "binlog_format",
    "character_set_client",
    "character_set_connection",
    "character_set_database",
    "character_set_results",
    "check_constraint_checks",
    "collation_database",
    "foreign_key_checks",
    "innodb_doublewrite",
    "innodb_flush_log_at_trx_commit",
    "innodb_read_only",
    "log_bin",
    "max_allowed_packet",
    "max_connections",
    "read_only",
    "sql_log_bin",
    "sql_mode",
    "super_read_only",
    "sync_binlog",
    "transaction_isolation",
    "tx_isolation",
    "wait_timeout",
)
_NAMES = ", ".join(f"'{name}'" for name in _VARIABLES)
# One packet, because a start waits for it; every statement is allowed to every account.
_PACKET = f"""\
SHOW VARIABLES WHERE Variable_name IN ({_NAMES});
SELECT version(), current_user(), database(), utc_timestamp(6), user();
SHOW STATUS WHERE Variable_name IN ('Ssl_cipher', 'Threads_connected');
SHOW GRANTS"""


class ServerFacts(NamedTuple):
    """What a server says about itself, this connection and this account.

    `client_host` is where the connection comes from, `account_role` what the account is checked for, empty if that is
    not known, and `clock_ahead` how many seconds the server's clock is ahead of ours. `problem` is why it takes no
    writes. `locks` are read for `doctor` alone. `listed_role` is that of an installed account.
    """

    database_url: str
    version: str
    account: str
    client_host: str
    account_role: str
    database: str
    variables: Mapping[str, str]
    status: Mapping[str, str]
    grants: tuple[str, ...]
    clock_ahead: float
    contents: Contents
    problem: str | None
    locks: HeldLocks = HeldLocks()
    listed_role: str = ""

    def __repr__(self) -> str:
        """Without the URL, which holds a password."""
        return f"ServerFacts({self.database}, {self.version}, {self.account})"

    def is_on(self, name: str) -> bool:
        """Whether a variable is set to ON or 1."""
        return self.variables.get(name, "").upper() in ("ON", "1")

    def number(self, name: str) -> int | None:
        """The number in a variable; None without one."""
        value = self.variables.get(name, "")
        return int(value) if value.isdecimal() else None


def read_server_facts(engine: Engine, account_role: str = "") -> ServerFacts:
    """The facts about the server of an engine, for an account of a role; by default that under which it is listed.

    Raises:
        Conflict, DriverError: it cannot be reached, or refuses the sign-in.
    """
    problem = database_problem(engine)
    with connected(engine) as connection:
        before = time.time()
        variables, [own], status, grants = _answers(connection)
        middle = (before + time.time()) / 2
        version, account, database, now, user = own
        role = listed_role(connection)
        return ServerFacts(
            database_url=engine.url.render_as_string(hide_password=False),
            version=str(version),
            account=str(account),
            client_host=str(user).rpartition("@")[2],
            account_role=account_role or ("" if role is None else role or "worker"),
            database=str(database),
            variables={str(name).lower(): str(value) for name, value in variables},
            status={str(name).lower(): str(value) for name, value in status},
            grants=tuple(str(line) for (line,) in grants),
            clock_ahead=_seconds(now) - middle,
            contents=contents_of(connection),
            problem=problem,
            listed_role=role or "",
        )


def _answers(connection: Connection) -> list[list[Any]]:
    cursor = connection.connection.cursor()
    try:
        cursor.execute(_PACKET)
        answers = [list(cursor.fetchall())]
        while cursor.nextset():
            answers.append(list(cursor.fetchall()))
        return answers
    finally:
        cursor.close()


def _seconds(now: Any) -> float:
    # A server sends a time as text where a driver does not convert it.
    moment = now if isinstance(now, datetime) else datetime.fromisoformat(str(now))
    return (moment - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001 - both are UTC
