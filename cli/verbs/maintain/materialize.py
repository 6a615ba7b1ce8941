"""Update the readers' view of scripts to their heads."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import database
from cli.json_documents import maintenance as documents
from cli.terminal import screen
from cli.terminal.exit_status import Exit
from cli.terminal.options import AsJson, example, prose
from materialization.clock import system_clock
from materialization.projections.reader import Staleness, staleness
from materialization.projections.updater import project
from materialization.scheduled_runs.materialize_script import Materializer
from materialization.scheduled_runs.open_run import open_run
from repos.scheduling.materialization_runs import RunRow
from repos.unit_of_work import UnitOfWork

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

OneScript = Annotated[int | None, typer.Argument(metavar="SCRIPT", help="Only this script.", show_default=False)]


@app.command(epilog=example("scriptledger materialize run", "scriptledger materialize run 1"))
def run(script: OneScript = None, as_json: AsJson = False) -> None:
    """Run now, for all scripts that are due or for one; exit status 5 if a script is inconsistent."""
    with database.opened() as unit_of_work:
        if script is not None:
            with unit_of_work.reading() as tx:
                database.head_of(tx, script)
            done = project(unit_of_work, script)
            if as_json:
                screen.print_json(documents.Projected(*done))
            else:
                screen.print_text(
                    f"Readers see script {script} at version {done.version}; before, at version {done.before}."
                )
            return
        row = _run_all(unit_of_work)
    if as_json:
        screen.print_json(documents.OneRun(row and _document(row)))
    else:
        screen.print_text(_run_sentence(row) if row else "Nothing was due.")
    raise typer.Exit(Exit.CORRUPT if row and row.failed else Exit.DONE)


@app.command(epilog=example("scriptledger materialize status", "scriptledger materialize status 1 --json"))
def status(script: OneScript = None, as_json: AsJson = False) -> None:
    """Show how far behind a script is, or the results of the latest runs."""
    with database.reading() as tx:
        if script is not None:
            database.head_of(tx, script)
            _print_staleness(script, staleness(tx, script, system_clock()), as_json=as_json)
            return
        runs = tx.runs.read()
    if as_json:
        screen.print_json(documents.Runs([_document(row) for row in runs]))
        return
    screen.print_text(
        screen.table(
            ("run", "opened", "due", "done", "failed", "lag"),
            [_run_cells(row) for row in runs],
            right=("run", "due", "done", "failed"),
        )
    )


def _run_all(unit_of_work: UnitOfWork) -> RunRow | None:
    items: list[tuple[int, int]] = []
    opened = open_run(unit_of_work, system_clock(), system_clock(), lambda *item: items.append(item))
    materializer = Materializer(unit_of_work)
    for item in items:
        materializer.materialize(*item)
    with unit_of_work.reading() as tx:
        return tx.runs.get(opened.run_id) if opened.run_id else None


def _print_staleness(script: int, stale: Staleness, *, as_json: bool) -> None:
    seconds = stale.micros / 1_000_000
    if as_json:
        screen.print_json(documents.Staleness(script, *stale, seconds))
    else:
        screen.print_text(
            f"Script {script} is at version {stale.head}; readers see version {stale.projected}, "
            f"{screen.counted(stale.behind, 'version')} and {seconds:.0f} s behind."
        )


def _run_cells(row: RunRow) -> tuple[str, ...]:
    lag = f"{screen.counted(row.lag_versions, 'version')}, {row.lag_micros / 1_000_000:.0f} s"
    return (str(row.id), screen.moment(row.opened_at), str(row.due), str(row.done), str(row.failed), lag)


def _run_sentence(row: RunRow) -> str:
    return f"Run {row.id}: {screen.counted(row.due, 'script')} due, {row.done} done, {row.failed} failed."


def _document(row: RunRow) -> documents.Run:
    times = {"opened_at": screen.iso(row.opened_at), "finished_at": screen.iso_or_none(row.finished_at)}
    return documents.Run(**{**row._asdict(), **times})
