"""Run all services in the foreground, until Ctrl-C.

It runs a worker for each role, beat, the operator's page and Flower, whose passwords are printed once. Without
configured servers it uses an embedded SQLite file and broker in SCRIPTLEDGER_HOME. A service that ends is restarted,
with growing pauses if it keeps ending. Other commands in the same home use these services.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import Annotated

import typer

from cli.client import database as ledger
from cli.client.broker import require_broker
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import BrokerUrl, DatabaseUrl, example, prose
from workers.embedded.local_ports import USUAL_FLOWER_PORT, USUAL_PAGE_PORT, LocalAccess, PortTaken, local_access
from workers.embedded.services import OPERATOR, all_services
from workers.embedded.stack import Stack
from workers.embedded.supervised_service import Event
from workers.process.command_lines import FLOWER_USER
from workers.process.roles import ROLES
from workers.settings import Settings, without_password

app = typer.Typer(add_completion=False)

POLL_SECONDS = 0.1
# Everything must have stopped within ten seconds; this leaves a margin.
STOP_SECONDS = 8.0
NAME_WIDTH = max(map(len, [*ROLES, "database"])) + 2


@app.command(
    help=prose(__doc__),
    epilog=example(
        "scriptledger dev",
        "SCRIPTLEDGER_HOME=/tmp/try scriptledger dev --flower-port 8080",
        "scriptledger dev --database mysql://ledger@localhost/ledger --broker redis://localhost/0",
    ),
)
def dev(
    database: DatabaseUrl = None,
    broker: BrokerUrl = None,
    flower_port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=1, max=65_535, help="Flower's port; by default any free one.", show_default=False
        ),
    ] = None,
    page_port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=1, max=65_535, help="The page's port; by default any free one.", show_default=False
        ),
    ] = None,
) -> None:
    settings = ledger.settings(database=database, broker=broker)
    _require_servers(settings)
    with _access("--flower-port", flower_port, USUAL_FLOWER_PORT) as flower:
        if find_spec("hypercorn") is None:  # the extra `serve` is not installed
            _serve(settings, flower, None)
        else:
            with _access("--page-port", page_port, USUAL_PAGE_PORT) as page:
                _serve(settings, flower, page)


@contextmanager
def _access(option: str, port: int | None, usual: int) -> Iterator[LocalAccess]:
    try:
        with local_access(port, usual) as access:
            yield access
    except PortTaken as error:
        raise Ending(
            Exit.USAGE,
            f"Port {port} of this machine is in use: choose another with {option}, or omit it. ({error})",
            code="port_taken",
        ) from error


def _require_servers(settings: Settings) -> None:
    """Fail now if the services could not reach their servers."""
    if not settings.embedded_database:
        with ledger.opened(settings):
            pass
    if not settings.embedded_broker:
        require_broker(settings.broker_url)


def _serve(settings: Settings, flower: LocalAccess, page: LocalAccess | None) -> None:
    stack = Stack(settings, stop_timeout=STOP_SECONDS, services=partial(all_services, flower=flower, page=page))
    with ledger.explained(settings), stack:
        if not stack.is_ours:
            raise Ending(Exit.REFUSED, f"The services are already running in {settings.home}.", code="runs_already")
        _introduce(stack.settings, flower, page)
        try:
            while True:
                for event in stack.tend():
                    _report(event)
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            screen.print_text("stopping")
    screen.print_text("stopped")


def _introduce(settings: Settings, flower: LocalAccess, page: LocalAccess | None) -> None:
    _line("database", without_password(settings.database_url))
    _line("broker", without_password(settings.broker_url))
    _line("logs", str(settings.home / "logs"))
    if page is not None:
        _line("page", f"{page.url}  user {OPERATOR}, password {page.password}")
    _line("flower", f"{flower.url}  user {FLOWER_USER}, password {flower.password}")
    screen.print_text("Ctrl-C stops everything; the data stays.")


def _report(event: Event) -> None:
    match event:
        case Event(what="ended"):
            status = "" if event.status is None else f" with status {event.status}"
            restart = f", restarts in {event.pause:g} s" if event.pause else ""
            _line(event.service, f"ended{status}{restart}")
        case _:
            _line(event.service, event.what)


def _line(name: str, text: str) -> None:
    screen.print_unwrapped(f"{name:<{NAME_WIDTH}}{text}")
