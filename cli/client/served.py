"""Settings of a process that runs in the foreground, like a worker, and the port it listens on."""

from __future__ import annotations

from cli.client import database
from cli.terminal.exit_status import Ending, Exit
from workers.embedded.local_ports import PortTaken, UnfitAddress, require_free
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


def require_port(host: str, port: int) -> None:
    """End the command if a process could not listen on a port of an address."""
    try:
        require_free(host, port)
    except PortTaken as error:
        sentence = f"Port {port} of {host} is in use: choose another with --port. ({error})"
        raise Ending(Exit.USAGE, sentence, code="port_taken") from error
    except UnfitAddress as error:
        sentence = (
            f"Nothing can listen on port {port} of “{host}” here ({error}): choose others with --host and --port."
        )
        raise Ending(Exit.USAGE, sentence, code="unfit_address") from error
