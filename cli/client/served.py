"""A process that serves in the foreground."""

from __future__ import annotations

from cli.client import database
from cli.terminal.exit_status import Ending, Exit
from workers.settings import Settings


def served() -> Settings:
    """The settings of a process that serves: they name a broker, and the database is migrated."""
    chosen = database.settings()
    if chosen.embedded_broker:
        raise Ending(
            Exit.UNREACHABLE,
            "No broker is named: set SCRIPTLEDGER_BROKER_URL, or run `scriptledger dev`, which brings its own.",
            code="no_broker",
        )
    with database.opened(chosen):
        return chosen
