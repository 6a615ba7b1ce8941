"""A server with a binary log refuses triggers to an account without SUPER (error 1419), and takes all the rest."""

from __future__ import annotations

from collections.abc import Iterator

import pymysql
import pytest
from sqlalchemy import make_url

from gates.database.accounts.install import run_plan
from gates.database.accounts.plan import plan
from gates.database.accounts.server import Server
from gates.database.accounts.status import account_status
from tests.gates.database.accounts.installed import InstalledLedger
from tests.services.mariadb import MariaDB

pytestmark = [pytest.mark.services, pytest.mark.slow]

GUARDS = 15
ROLES = ("producer", "worker", "migrator")


class WithoutSuper(InstalledLedger):
    """A ledger whose administrator has every privilege but SUPER, as that of a managed server."""

    def install(self) -> list[str]:
        """Install as that administrator, who is made once."""
        if not self.server.execute(f"SELECT 1 FROM mysql.user WHERE User = '{self.administrator}'"):
            self.server.execute(f"CREATE USER '{self.administrator}'@'%' IDENTIFIED BY 'x1'")
            self.server.execute(f"GRANT ALL ON *.* TO '{self.administrator}'@'%' WITH GRANT OPTION")
            self.server.execute(f"REVOKE SUPER ON *.* FROM '{self.administrator}'@'%'")
        with Server.opened(self.administrator_url) as server:
            new: dict[str, str | None] = {
                account: password for account, password in self.passwords.items() if server.grants_of(account) is None
            }
            return run_plan(server, plan(server, self.accounts, new))

    @property
    def administrator(self) -> str:
        return f"{self.prefix}_admin"

    @property
    def administrator_url(self) -> str:
        url = make_url(self.url).set(username=self.administrator, password="x1")
        return url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def logging_server() -> Iterator[MariaDB]:
    with MariaDB(durable=True) as server:  # which has a binary log
        assert server.execute("SELECT @@log_bin, @@log_bin_trust_function_creators") == [(1, 0)]
        yield server


def test_the_rest_is_installed_and_every_missing_guard_named_until_the_server_allows_them(logging_server: MariaDB):
    ledger = WithoutSuper(logging_server, roles=ROLES)

    [gap] = ledger.gaps
    assert gap.startswith("The server did not create guard_")
    assert "(1419: " in gap
    assert gap.count("guard_") == GUARDS
    assert "log_bin_trust_function_creators = 1 on the server or use an account with SUPER" in gap
    # The grants hold without guards.
    with pytest.raises(pymysql.err.OperationalError, match=r"1142|1143"), ledger.connect("worker") as connection:
        connection.query("UPDATE script_commands SET kind = 'x'")
    ledger.send("producer", "s1", author="user")
    missing = [sentence for sentence in sentences(ledger) if "guard" in sentence]
    assert len(missing) == len(sentences(ledger)) == GUARDS

    logging_server.execute("SET GLOBAL log_bin_trust_function_creators = 1")

    assert ledger.install() == []
    assert sentences(ledger) == []


def sentences(ledger: InstalledLedger) -> list[str]:
    with Server.opened(ledger.url) as server:
        return [gap.sentence for gap in account_status(server).gaps]
