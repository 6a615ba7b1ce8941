"""Update the readers' view of scripts to their heads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import typer

from cli.client import database
from cli.json_documents import maintenance as documents
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson, example, prose
from domain.counting import does
from domain.log.head import Head
from materialization.clock import system_clock
from materialization.integrity.readers_repair import rewrite_for_readers
from materialization.projections.reader import Staleness, staleness
from materialization.projections.updater import project
from materialization.scheduled_runs.materialize_script import Materializer
from materialization.scheduled_runs.open_run import open_run
from repos.scheduling.materialization_items import ItemState
from repos.scheduling.materialization_runs import RunRow
from repos.scheduling.outdated_scripts import ProjectionLag
from repos.unit_of_work import UnitOfWork

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

OneScript = Annotated[int | None, typer.Argument(metavar="SCRIPT", help="Only this script.", show_default=False)]


MaxLag = Annotated[
    float | None,
    typer.Option(
        "--max-lag",
        metavar="SECONDS",
        min=0,
        help="End with exit status 1 if readers are more than this behind.",
        show_default=False,
    ),
]


@app.command(
    epilog=example(
        "scriptledger materialize run",
        "scriptledger materialize run 1",
        "scriptledger materialize run 1 --from-scratch",
    )
)
def run(
    script: OneScript = None,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Write all that readers see of one script again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run now, for all scripts that are due or for one; exit status 5 if a script is inconsistent."""
    if from_scratch and script is None:
        raise typer.BadParameter("--from-scratch needs a script")
    with database.opened() as unit_of_work:
        if script is not None:
            with unit_of_work.reading() as tx:
                _require_service(database.head_of(tx, script))
            done = (rewrite_for_readers if from_scratch else project)(unit_of_work, script)
            if as_json:
                screen.print_json(documents.Projected(*done))
            else:
                screen.print_text(
                    f"Readers see script {script} at version {done.version}; before, at version {done.before}."
                )
            return
        finished = _run_all(unit_of_work)
    row = finished.row
    if as_json:
        screen.print_json(documents.OneRun(row and _document(row), finished.again))
    else:
        screen.print_text(*_run_sentences(finished))
    raise typer.Exit(Exit.CORRUPT if finished.failed else Exit.DONE)


@app.command(
    epilog=example(
        "scriptledger materialize status",
        "scriptledger materialize status --max-lag 300",
        "scriptledger materialize status 1 --json",
    )
)
def status(script: OneScript = None, max_lag: MaxLag = None, as_json: AsJson = False) -> None:
    """Show how far readers are behind now, of one script or of all, and the latest runs.

    Scripts that are quarantined or being backfilled are not counted.
    """
    with database.reading() as tx:
        now = system_clock()
        if script is not None:
            served = database.head_of(tx, script).health == "open"
            stale = staleness(tx, script, now)
            since = now - stale.micros if served and stale.micros else None
            lag = ProjectionLag(int(since is not None), stale.behind, since)
        else:
            runs, lag = tx.runs.read(), tx.outdated.lag()
    seconds = lag.micros(now) / 1_000_000
    if script is not None:
        _print_staleness(script, stale, as_json=as_json)
    elif as_json:
        shown = documents.Lag(lag.scripts, lag.versions, seconds)
        screen.print_json(documents.Runs(shown, [_document(row) for row in runs]))
    else:
        screen.print_text(_lag_sentence(lag, seconds))
        if runs:
            screen.print_text(
                screen.table(
                    ("run", "opened", "due", "done", "failed", "lag when opened"),
                    [_run_cells(row) for row in runs],
                    right=("run", "due", "done", "failed"),
                )
            )
    if max_lag is not None and seconds > max_lag:
        screen.warn(
            f"Readers are {seconds:.0f} s behind, more than {max_lag:g} s: check that a worker of the role "
            "materialization is running, and a beat."
        )
        raise typer.Exit(Exit.REFUSED)


def _require_service(head: Head) -> None:
    if head.health == "quarantined":
        script = head.script_id
        raise Ending(
            Exit.CORRUPT,
            f"Script {script} is quarantined, so readers see it as it was: `scriptledger quarantine reopen {script}` "
            "verifies it first.",
            code="quarantined",
        )


class _Finished(NamedTuple):
    """The run that was opened, None if nothing was due; scripts of earlier runs that were done; and what is left."""

    row: RunRow | None
    again: int
    failed: int
    lag: ProjectionLag


def _run_all(unit_of_work: UnitOfWork) -> _Finished:
    items: list[tuple[int, int]] = []
    opened = open_run(unit_of_work, system_clock(), system_clock(), lambda *item: items.append(item))
    materializer = Materializer(unit_of_work)
    outcomes: list[tuple[int, ItemState | None]] = []
    with screen.progress() as bars:
        bar = bars.add_task("scripts", total=len(items))
        for run_id, script_id in items:
            outcomes.append((run_id, materializer.materialize(run_id, script_id)))
            bars.advance(bar)
    again = sum(run_id != opened.run_id and outcome in ("done", "failed") for run_id, outcome in outcomes)
    failed = sum(outcome == "failed" for _, outcome in outcomes)
    with unit_of_work.reading() as tx:
        row = tx.runs.get(opened.run_id) if opened.run_id else None
        return _Finished(row, again, failed, tx.outdated.lag())


def _run_sentences(finished: _Finished) -> Iterator[str]:
    row, again, _, lag = finished
    if row is not None:
        yield f"Run {row.id}: {screen.counted(row.due, 'script')} due, {row.done} done, {row.failed} failed."
    if again:
        yield f"{screen.counted(again, 'script')} of earlier runs {'was' if again == 1 else 'were'} taken again."
    if lag.scripts:
        yield f"{_behind(lag)}: other workers have them, or they were edited since."
    elif row is None and not again:
        yield "Nothing was due."


def _lag_sentence(lag: ProjectionLag, seconds: float) -> str:
    if not lag.versions:
        rebuilt = f"{screen.counted(lag.scripts, 'script')} {does(lag.scripts, 'were')} rebuilt since"
        again = f"; {rebuilt}, and {does(lag.scripts, 'are')} written again next" if lag.scripts else ""
        return f"Readers see the head of every script in service{again}."
    return f"{_behind(lag)}, by {screen.counted(lag.versions, 'version')} at most, the first for {seconds:.0f} s."


def _behind(lag: ProjectionLag) -> str:
    return f"Readers are behind for {screen.counted(lag.scripts, 'script')}"


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


def _document(row: RunRow) -> documents.Run:
    times = {"opened_at": screen.iso(row.opened_at), "finished_at": screen.iso_or_none(row.finished_at)}
    return documents.Run(**{**row._asdict(), **times})
