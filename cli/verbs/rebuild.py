"""Derive every version from the log anew, and compare.

Readers then see the result. Commands are never touched. Ended, it goes on where it stopped when called again. Where a state is another than the one
stored, nothing is changed unless --accept-differences is said. --prune removes what earlier rebuilds left behind.
"""

from __future__ import annotations

import time
from typing import Annotated

import typer

from cli import ledger, screen
from cli.ending import Ending, Exit
from cli.help_text import example, prose
from cli.options import AsJson, Script
from cli.progress import progress
from materialization.rebuild import RebuildDiffers, Rebuilt, prune_generations
from materialization.rebuild import rebuild as rebuild_script
from repos.unit_of_work import UnitOfWork

app = typer.Typer(add_completion=False)

READERS_END_MICROS = 60 * 1_000_000
"""Who began to read a generation before another was named has ended after a minute."""


@app.command(help=prose(__doc__), epilog=example("scriptledger rebuild 1", "scriptledger rebuild 1 --prune"))
def rebuild(
    script: Script,
    accept_differences: Annotated[
        bool, typer.Option("--accept-differences", help="Take states that differ from those stored.")
    ] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Only remove generations that nobody reads any more.")] = False,
    as_json: AsJson = False,
) -> None:
    with ledger.opened() as unit_of_work:
        with unit_of_work.reading() as tx:
            ledger.head_of(tx, script)
        if prune:
            gone = prune_generations(unit_of_work, script, before=time.time_ns() // 1_000 - READERS_END_MICROS)
            _say_pruned(script, gone, as_json=as_json)
            return
        done = _rebuilt(unit_of_work, script, accept_differences=accept_differences)
    if as_json:
        screen.print_json(done._asdict())
    else:
        screen.say(
            f"Script {script} is rebuilt as generation {done.generation}: {screen.counted(done.versions, 'version')}, "
            f"{screen.counted(done.differences, 'difference')}."
        )


def _rebuilt(unit_of_work: UnitOfWork, script: int, *, accept_differences: bool) -> Rebuilt:
    with unit_of_work.reading() as tx:
        total = ledger.head_of(tx, script).version
    with progress() as bars:
        bar = bars.add_task(f"script {script}", total=total)
        try:
            return rebuild_script(
                unit_of_work,
                script,
                accept_differences=accept_differences,
                progress=lambda version: bars.update(bar, completed=version),
            )
        except RebuildDiffers as differs:
            raise Ending(Exit.CORRUPT, f"{differs}.", code="rebuild_differs") from differs


def _say_pruned(script: int, gone: list[int], *, as_json: bool) -> None:
    if as_json:
        screen.print_json({"script_id": script, "pruned": gone})
    else:
        screen.say(f"Script {script}: {screen.counted(len(gone), 'generation')} removed.")
