"""Rebuild every version from the log, and compare.

If all states are equal to the stored ones, readers see the result; if one differs, nothing is changed without
--accept-differences. Commands are never changed. An interrupted rebuild continues when called again; with --all, add
--resume, which skips scripts rebuilt within the last day. --prune removes the unused generations of earlier rebuilds,
as the schedule does each hour.
"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import Progress

from cli.client import database
from cli.client.all_scripts import every_script
from cli.json_documents import maintenance as documents
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson, example, prose
from cli.terminal.screen import progress
from domain.errors import Conflict, Corrupt
from materialization.clock import system_clock
from materialization.integrity.rebuild import READERS_END_MICROS, RebuildDiffers, Rebuilt, prune_generations
from materialization.integrity.rebuild import rebuild as rebuild_script
from repos.unit_of_work import UnitOfWork

app = typer.Typer(add_completion=False)

DAY_MICROS = 24 * 60 * 60 * 1_000_000

OneScript = Annotated[
    int | None, typer.Argument(metavar="SCRIPT", help="The id of the script.", show_default=False, min=1)
]


@app.command(
    help=prose(__doc__),
    epilog=example("scriptledger rebuild 1", "scriptledger rebuild --all --resume", "scriptledger rebuild 1 --prune"),
)
def rebuild(
    script: OneScript = None,
    every: Annotated[bool, typer.Option("--all", help="All scripts, one after the other.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="With --all, skip scripts rebuilt within the last day.")
    ] = False,
    accept_differences: Annotated[
        bool, typer.Option("--accept-differences", help="Accept states that differ from the stored ones.")
    ] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Only remove generations that have no readers.")] = False,
    as_json: AsJson = False,
) -> None:
    if (script is not None) == every:
        raise typer.BadParameter("give a script or --all")
    with database.opened() as unit_of_work:
        scripts = (
            [script]
            if script is not None
            else _all(unit_of_work, since=system_clock() - DAY_MICROS if resume else None)
        )
        if prune:
            _prune(unit_of_work, scripts, every=every, as_json=as_json)
        elif every:
            _rebuild_all(unit_of_work, scripts, accept_differences=accept_differences, as_json=as_json)
        else:
            _rebuild_one(unit_of_work, scripts[0], accept_differences=accept_differences, as_json=as_json)


def _all(unit_of_work: UnitOfWork, *, since: int | None) -> list[int]:
    with unit_of_work.reading() as tx:
        done = tx.rebuilds.active_since(since) if since is not None else set()
        return [script for script in every_script(tx) if script not in done]


def _rebuild_one(unit_of_work: UnitOfWork, script: int, *, accept_differences: bool, as_json: bool) -> None:
    with progress() as bars:
        try:
            done = _rebuilt(unit_of_work, script, bars, accept_differences=accept_differences)
        except RebuildDiffers as differs:
            sentence = f"{differs}. With --accept-differences, versions become what the log says."
            raise Ending(Exit.CORRUPT, sentence, code="rebuild_differs") from differs
    if as_json:
        screen.print_json(documents.Rebuilt(*done))
    else:
        screen.print_text(_sentence(done))


def _rebuild_all(unit_of_work: UnitOfWork, scripts: list[int], *, accept_differences: bool, as_json: bool) -> None:
    """Rebuild one after the other; a problem with one does not stop the others."""
    attempts: list[documents.Attempted] = []
    with progress() as bars:
        total = bars.add_task("scripts", total=len(scripts))
        for script in scripts:
            try:
                done = _rebuilt(unit_of_work, script, bars, accept_differences=accept_differences)
            except (RebuildDiffers, Corrupt, Conflict) as error:
                attempts.append(documents.Attempted(script_id=script, problem=str(error)))
                sentence = f"Script {script} is not rebuilt: {error}."
            else:
                attempts.append(documents.Attempted(**done._asdict(), problem=None))
                sentence = _sentence(done)
            if not as_json:
                screen.print_text(sentence)
            bars.advance(total)
    if as_json:
        screen.print_json(documents.AllRebuilt(attempts))
    raise typer.Exit(Exit.CORRUPT if any(attempt.problem for attempt in attempts) else Exit.DONE)


def _rebuilt(unit_of_work: UnitOfWork, script: int, bars: Progress, *, accept_differences: bool) -> Rebuilt:
    with unit_of_work.reading() as tx:
        total = database.head_of(tx, script).version
    bar = bars.add_task(f"script {script}", total=total)
    try:
        return rebuild_script(
            unit_of_work,
            script,
            accept_differences=accept_differences,
            progress=lambda version: bars.update(bar, completed=version),
        )
    finally:
        bars.remove_task(bar)


def _sentence(done: Rebuilt) -> str:
    return (
        f"Script {done.script_id} is rebuilt as generation {done.generation}: "
        f"{screen.counted(done.versions, 'version')}, {screen.counted(done.differences, 'difference')}."
    )


def _prune(unit_of_work: UnitOfWork, scripts: list[int], *, every: bool, as_json: bool) -> None:
    rows: list[documents.Pruned] = []
    for script in scripts:
        with unit_of_work.reading() as tx:
            database.head_of(tx, script)
        removed = prune_generations(unit_of_work, script, before=system_clock() - READERS_END_MICROS)
        rows.append(documents.Pruned(script, removed))
        if not as_json:
            screen.print_text(f"Script {script}: {screen.counted(len(removed), 'generation')} removed.")
    if as_json:
        screen.print_json(documents.AllPruned(rows) if every else rows[0])
