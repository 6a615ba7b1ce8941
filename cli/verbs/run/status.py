"""Show whether people can write, and what to do if not.

It reads database and broker, and lists what is wrong, the worst first, each with what to do about it. The exit
status is that of the worst: 4 if the database or the broker cannot be used, 3 if nothing answers submissions or a role
of workers is missing, 5 if a script is quarantined, and 0 if people can write, also with warnings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Annotated, Final

import typer

from cli.client import database
from cli.rendering.operate.status_document import document_of
from cli.rendering.operate.status_text import lines
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson, example, prose
from repos.database.engine import open_engine
from workers.embedded.stack import Stack
from workers.monitoring.overview import Overview
from workers.monitoring.overview_reader import ANSWER_SECONDS, OverviewReader
from workers.monitoring.problems.find import find_problems
from workers.monitoring.problems.problem import Code, Problem
from workers.settings import Settings

app = typer.Typer(add_completion=False)

_EXITS: Final[dict[Code, Exit]] = {
    "database_down": Exit.UNREACHABLE,
    "database_read_only": Exit.UNREACHABLE,
    "schema_not_current": Exit.UNREACHABLE,
    "broker_down": Exit.UNREACHABLE,
    "scripts_quarantined": Exit.CORRUPT,
}


@app.command(
    help=prose(__doc__),
    epilog=example("scriptledger status", "scriptledger status --watch", "scriptledger status --json --watch"),
)
def status(
    watch: Annotated[bool, typer.Option("--watch", help="Repeat until Ctrl-C.")] = False,
    interval: Annotated[
        float, typer.Option("--interval", metavar="SECONDS", min=0.2, max=3_600, help="How often, with --watch.")
    ] = 2.0,
    as_json: AsJson = False,
) -> None:
    problems: Sequence[Problem] = ()
    # Ctrl-C is the usual end of watching.
    ends = suppress(KeyboardInterrupt) if watch else nullcontext()
    with _reader() as reader, ends, _display(live=watch, as_json=as_json) as show:
        while True:
            overview = reader.read()
            problems = find_problems(overview)
            show(overview, problems)
            if not watch:
                break
            time.sleep(interval)
    raise typer.Exit(_exit_status(problems))


@contextmanager
def _reader() -> Iterator[OverviewReader]:
    chosen = _running(database.settings())
    file = chosen.sqlite_file
    if file is not None and not file.exists():
        maker = "import FILE.fountain" if chosen.embedded_database else "db upgrade"
        raise Ending(
            Exit.UNREACHABLE, f"There is no ledger at {file} yet: `scriptledger {maker}` creates one.", code="no_ledger"
        )
    with open_engine(chosen.database_url, pool_size=1, answer_seconds=ANSWER_SECONDS) as engine:
        yield OverviewReader(engine, chosen.broker_url, embedded=chosen.embedded_broker)


def _running(chosen: Settings) -> Settings:
    """The settings with the broker of the embedded services, if these run."""
    return (Stack.joined(chosen) if chosen.embedded_broker else None) or chosen


@contextmanager
def _display(*, live: bool, as_json: bool) -> Iterator[Callable[[Overview, Sequence[Problem]], None]]:
    """A function that shows an overview: after the last one, or on a terminal in its place if `live`."""
    if as_json:
        yield lambda overview, problems: screen.print_json(document_of(overview, problems))
    elif not (live and screen.out().is_terminal):
        yield lambda overview, problems: screen.print_text(*lines(overview, problems))
    else:
        with screen.redrawn() as draw:
            yield lambda overview, problems: draw(lines(overview, problems))


def _exit_status(problems: Sequence[Problem]) -> Exit:
    worst = next((problem for problem in problems if problem.severity == "critical"), None)
    return Exit.DONE if worst is None else _EXITS.get(worst.code, Exit.NOT_ANSWERED)
