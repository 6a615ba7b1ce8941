"""Undo a version, a submission or a whole run of an AI.

It writes new versions: history is never rewritten. Later edits are not overwritten: the undo is refused with the
current text, its author and the time, or with --apply-rest applied as far as possible. `redo` reverts an undo.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client.undo import UndoOptions, send_undo
from cli.terminal.options import WAIT_SECONDS, Actor, AsJson, Script, Timeout, example, prose
from materialization.history.undo import versions_of_run, versions_of_submission
from repos.unit_of_work import RecordsTransaction

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger undo 1 --version 7", "scriptledger undo 1 --run run-1"))
def undo(
    script: Script,
    version: Annotated[int | None, typer.Option(metavar="N", min=1, help="Undo this version.")] = None,
    submission: Annotated[str | None, typer.Option(metavar="ID", help="Undo this submission.")] = None,
    run: Annotated[str | None, typer.Option(metavar="ID", help="Undo this run of an AI.")] = None,
    apply_rest: Annotated[bool, typer.Option("--apply-rest", help="Apply what still can be applied.")] = False,
    actor: Actor = None,
    timeout: Timeout = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    if [version, submission, run].count(None) != 2:
        raise typer.BadParameter("give one of --version, --submission and --run")

    def versions(tx: RecordsTransaction) -> list[int]:
        if version is not None:
            return [version]
        if submission is not None:
            return versions_of_submission(tx, script, submission)
        return versions_of_run(tx, script, run or "")

    send_undo("undo", script, versions, UndoOptions(actor, apply_rest, timeout, as_json))
