"""The server whose accounts the verbs of `scriptledger gates` install and compare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cli.client import database as ledger
from cli.terminal.exit_status import Ending, Exit
from gates.database.accounts.server import NoAccounts, Server
from workers.settings import Settings


@contextmanager
def opened_server(chosen: Settings) -> Iterator[Server]:
    """The server of the settings; an error becomes one sentence."""
    if chosen.sqlite_file is not None:
        raise Ending(
            Exit.REFUSED,
            "An SQLite file has no accounts: every program that can open it can write to it. Name a MariaDB or MySQL "
            "in --database.",
            code="no_accounts",
        )
    try:
        with ledger.explained(chosen), Server.opened(chosen.database_url) as server:
            yield server
    except NoAccounts as error:
        raise Ending(Exit.REFUSED, str(error), code="no_accounts") from error
