"""Run everything here in the foreground: database, broker, workers, until Ctrl-C.

What is not configured is embedded: an SQLite file and a broker in SCRIPTLEDGER_HOME. A service that ends is started
again, ever more slowly if it keeps ending. Other commands in the same home use these services.
"""

from __future__ import annotations

import time

import typer

from cli import ledger, screen
from cli.ending import Ending, Exit
from cli.help_text import example, prose
from workers.embedded.kept import Event
from workers.embedded.stack import Stack
from workers.settings import without_password

app = typer.Typer(add_completion=False)

LOOK_SECONDS = 0.1
STOP_SECONDS = 8.0
"""Less than the ten in which everything is to be gone."""


@app.command(help=prose(__doc__), epilog=example("scriptledger dev", "SCRIPTLEDGER_HOME=/tmp/try scriptledger dev"))
def dev() -> None:
    stack = Stack(ledger.settings(), patience=STOP_SECONDS)
    with ledger.explained(stack.settings), stack:
        if not stack.is_ours:
            raise Ending(Exit.REFUSED, f"Everything already runs in {stack.settings.home}.", code="runs_already")
        _introduce(stack)
        try:
            while True:
                for event in stack.tend():
                    _report(event)
                time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            screen.say("stopping")
    screen.say("stopped")


def _introduce(stack: Stack) -> None:
    settings = stack.settings
    _line("database", without_password(settings.database_url))
    _line("broker", without_password(settings.broker_url))
    _line("logs", str(settings.home / "logs"))
    screen.say("Ctrl-C stops everything; the data stays.")


def _report(event: Event) -> None:
    match event:
        case Event(what="ended"):
            status = "" if event.status is None else f" with status {event.status}"
            again = f", again in {event.pause:g} s" if event.pause else ""
            _line(event.service, f"ended{status}{again}")
        case _:
            _line(event.service, event.what)


def _line(name: str, said: str) -> None:
    screen.out().print(f"{name:<10} {said}", soft_wrap=True)
