"""The database server as an administrator's connection sees it: accounts, grants, triggers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from domain.errors import LedgerError
from gates.database.accounts.grants import read_grants
from gates.database.accounts.roles import Privilege
from gates.database.accounts.triggers import GUARD_NAMES
from repos.database.driver_errors import error_number
from repos.database.engine import LOCK_WAIT_SECONDS, open_engine
from repos.schema.revision import connected, require_current

# Error numbers: there is no such grant (MariaDB, MySQL), and the account may not do that.
NO_SUCH_ACCOUNT = frozenset({1141, 1133, 3162})
DENIED = frozenset({1044, 1045, 1142, 1143, 1227, 1370, 1410, 3530})
# A trigger needs SUPER while the binary log is on and log_bin_trust_function_creators is off.
NEEDS_SUPER = 1419
TABLE_IN_USE = 1205
# The server runs with an option that forbids the statement.
FORBIDDEN_BY_OPTION = 1290
ACCOUNT_DEFAULT = "current_user()"


class NoAccounts(LedgerError):
    """The database cannot have accounts, or this account may not manage them; the message is what to do."""


class Installed(NamedTuple):
    """An account of the table database_accounts."""

    account: str
    role: str


class Trigger(NamedTuple):
    """A trigger that exists; its definer is name@host."""

    name: str
    table: str
    event: str
    body: str
    definer: str
    timing: str


class Server:
    """A MariaDB or MySQL, through an autocommitting connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        [(version, database, user)] = self.rows("SELECT version(), database(), current_user()")
        self.is_mariadb = "mariadb" in str(version).lower()
        self.version = str(version)
        self.database = str(database)
        self.account = str(user)
        self.wildcards = self.is_mariadb or not self._partial_revokes()

    @classmethod
    @contextmanager
    def opened(cls, database_url: str) -> Iterator[Self]:
        """The server of a URL whose schema is current.

        Raises:
            SchemaOutdated, SchemaTooNew: run `db upgrade` first.
        """
        with open_engine(database_url) as engine:
            require_current(engine)
            with connected(engine) as connection:
                # While a trigger waits for its table, all others wait for it.
                connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {LOCK_WAIT_SECONDS}")
                connection.commit()
                yield cls(connection.execution_options(isolation_level="AUTOCOMMIT", no_parameters=True))

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows a statement returns."""
        done = self._connection.exec_driver_sql(sql, values or None)
        return [tuple(row) for row in done] if done.returns_rows else []

    def run(self, sql: str) -> None:
        """Run a statement."""
        self._connection.exec_driver_sql(sql)

    def grants_of(self, account: str) -> tuple[set[Privilege], list[str]] | None:
        """The privileges of an account on our schema and on everything, and its other grants; None: no such account.

        Raises:
            NoAccounts: this account may not read them.
        """
        try:
            lines = [str(line) for (line,) in self.rows(f"SHOW GRANTS FOR {account_name(account)}")]
        except DBAPIError as error:
            if error_number(error) in NO_SUCH_ACCOUNT:
                return None
            if error_number(error) == FORBIDDEN_BY_OPTION and "skip-grant" in str(error.orig):
                raise NoAccounts(
                    "The server checks no accounts (--skip-grant-tables): start it without this option."
                ) from error
            if error_number(error) in DENIED:
                raise NoAccounts(
                    f"The account {self.account} may not read the grants of others: name an "
                    "administrator's in --database."
                ) from error
            raise
        return read_grants(lines, self.database, wildcards=self.wildcards)

    def lines_of_public(self) -> list[str]:
        """What MariaDB, from version 10.11 on, grants to every account, and no account's own grants show."""
        if not self.is_mariadb:
            return []
        try:
            return [str(line) for (line,) in self.rows("SHOW GRANTS FOR PUBLIC")]
        except DBAPIError as error:
            if error_number(error) in NO_SUCH_ACCOUNT:
                return []
            raise

    def lock_installation(self) -> None:
        """Keep other installations out, as long as the connection is open.

        Raises:
            NoAccounts: another one is at work.
        """
        name = f"scriptledger gates {sha256(self.database.encode()).hexdigest()[:32]}"
        if self.rows("SELECT GET_LOCK(%s, %s)", name, LOCK_WAIT_SECONDS) != [(1,)]:
            raise NoAccounts("Another `gates install` is at work on this database: run this again when it has ended.")

    def resolves(self, host: str) -> bool:
        """Whether an account of a host can sign in: a server that resolves no names knows addresses only."""
        is_name = host.lower() != "localhost" and bool({*host.lower()} - {*"0123456789abcdef.:/%_"})
        return not (is_name and self.rows("SELECT @@skip_name_resolve") == [(1,)])

    def installed(self) -> list[Installed]:
        """The accounts of the table database_accounts."""
        return [Installed(*row) for row in self.rows("SELECT account, role FROM database_accounts ORDER BY id")]

    def inbox_default(self) -> bool:
        """Whether the server writes the account into each row of the inbox."""
        found = self.rows(
            "SELECT column_default FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = 'submission_inbox' AND column_name = 'account'",
            self.database,
        )
        return [str(row[0]).lower() for row in found] == [ACCOUNT_DEFAULT]

    def guard_triggers(self) -> dict[str, Trigger]:
        """The guard triggers that exist, by name."""
        found = self.rows(
            "SELECT trigger_name, event_object_table, event_manipulation, action_statement, definer,"
            " action_timing"
            " FROM information_schema.triggers WHERE trigger_schema = %s",
            self.database,
        )
        return {row[0]: Trigger(*map(str, row)) for row in found if row[0] in GUARD_NAMES}

    def _partial_revokes(self) -> bool:
        return any(value in ("ON", "1") for _, value in self.rows("SHOW VARIABLES LIKE 'partial_revokes'"))


def account_name(account: str) -> str:
    """An account name@host, quoted for a statement."""
    name, _, host = account.rpartition("@")
    return f"{literal(name)}@{literal(host)}"


def literal(text: str) -> str:
    """A string for a statement that takes no parameters."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
