"""Settings of a process that runs in the foreground, like a worker."""

from __future__ import annotations

from cli.client import database
from cli.terminal.exit_status import Ending, Exit
from workers.settings import Settings


def served() -> Settings:
    """The settings of such a process: they name a broker, and the database is migrated."""
    chosen = with_broker()
    with database.opened(chosen):
        return chosen


def with_broker() -> Settings:
    """The settings of such a process, which name a broker; the database may be away."""
    chosen = database.settings()
    if chosen.embedded_broker:
        raise Ending(
            Exit.UNREACHABLE,
            "No broker is configured: set SCRIPTLEDGER_BROKER_URL, or run `scriptledger dev`, which starts its own.",
            code="no_broker",
        )
    return chosen
