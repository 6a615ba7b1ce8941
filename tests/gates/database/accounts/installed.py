"""A ledger with installed accounts, and connections of each."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pymysql
from sqlalchemy import make_url

from domain.submissions.account_roles import ACCOUNT_ROLES
from gates.database.accounts.install import run_plan
from gates.database.accounts.plan import default_accounts, plan
from gates.database.accounts.server import Server
from gates.database.accounts.status import account_status
from repos.database.engine import open_engine
from repos.schema import upgrade
from tests.services.databases import DatabaseServer

HOST = "%"


class InstalledLedger:
    """A database with the schema, an account for each role, and guards; with `name`, database and accounts have it."""

    def __init__(
        self, server: DatabaseServer, *, roles: tuple[str, ...] = tuple(ACCOUNT_ROLES), name: str | None = None
    ) -> None:
        self.server = server
        self.url = server.create_database(name)
        self.database = str(make_url(self.url).database)
        self.prefix = name or f"g{secrets.token_hex(5)}"
        self.accounts = default_accounts(self.prefix, HOST, roles)
        self.passwords = {each.account: secrets.token_hex(8) for each in self.accounts}
        with open_engine(self.url) as engine:
            upgrade.upgrade(engine)
        self.gaps = self.install()

    def install(self) -> list[str]:
        """Install what is missing; returns the gaps."""
        with Server.opened(self.url) as server:
            new: dict[str, str | None] = {
                account: password for account, password in self.passwords.items() if server.grants_of(account) is None
            }
            return run_plan(server, plan(server, self.accounts, new))

    def name(self, role: str) -> str:
        return f"{self.prefix}_{role}"

    def url_of(self, role: str) -> str:
        """The URL with which a program of this role connects."""
        password = self.passwords[f"{self.name(role)}@{HOST}"]
        url = make_url(self.url).set(username=self.name(role), password=password)
        return url.render_as_string(hide_password=False)

    def connect(self, role: str, **options: Any) -> pymysql.Connection[Any]:
        """A bare connection of the account of a role."""
        password = self.passwords[f"{self.name(role)}@{HOST}"]
        signed_in = {"user": self.name(role), "password": password, "database": self.database}
        return self.server.connect(**signed_in, **options)

    def send(self, role: str, submission_id: str, *, author: str, script_id: int = 1) -> None:
        """Insert a submission that creates a script into the inbox, as a program in any language does."""
        payload = {
            "script_id": script_id,
            "submission_id": submission_id,
            "author": author,
            "base_version": 0,
            "commands": [{"kind": "script.create", "title": "A script"}],
        }
        if author == "ai":
            payload["cause"] = {"model": "m", "run_id": "r", "prompt": "p"}
        row = (script_id, submission_id, json.dumps(payload).encode(), 1)
        with self.connect(role) as connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) VALUES (%s, %s, %s, %s)",
                row,
            )

    def root(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as the administrator, in the ledger's database."""
        with self.server.connect(database=self.database) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def remove(self) -> None:
        """Drop the database and its accounts."""
        self.server.drop_database(self.url)
        for each in self.accounts:
            self.server.execute(f"DROP USER IF EXISTS '{each.account.rpartition('@')[0]}'@'{HOST}'")


def sentences(ledger: InstalledLedger) -> list[str]:
    """The gaps that the status names, with `p` for the prefix and `ledger` for the database."""
    with Server.opened(ledger.url) as server:
        return [
            gap.sentence.replace(ledger.prefix, "p").replace(ledger.database, "ledger")
            for gap in account_status(server).gaps
        ]
