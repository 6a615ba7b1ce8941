"""Take back a version, a submission or an AI's whole run.

As new versions: history is never rewritten. What somebody has edited since is not forced: the undo is then refused with
what the line says now, who changed it and when, or with --apply-rest done as far as it goes. `redo` takes an undo back.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client.undo import How, take_back
from cli.terminal.options import WAIT_SECONDS, Actor, AsJson, Script, Timeout, example, prose
from materialization.history.undo import versions_of_run, versions_of_submission
from repos.unit_of_work import RecordsTransaction

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger undo 1 --version 7", "scriptledger undo 1 --run run-1"))
def undo(
    script: Script,
    version: Annotated[int | None, typer.Option(metavar="N", min=1, help="Take back this version.")] = None,
    submission: Annotated[str | None, typer.Option(metavar="ID", help="Take back what this submission did.")] = None,
    run: Annotated[str | None, typer.Option(metavar="ID", help="Take back what this run of an AI did.")] = None,
    apply_rest: Annotated[bool, typer.Option("--apply-rest", help="Do what still can be done.")] = False,
    actor: Actor = None,
    timeout: Timeout = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    if [version, submission, run].count(None) != 2:
        raise typer.BadParameter("say one of --version, --submission and --run")

    def versions(tx: RecordsTransaction) -> list[int]:
        if version is not None:
            return [version]
        if submission is not None:
            return versions_of_submission(tx, script, submission)
        return versions_of_run(tx, script, run or "")

    take_back("undo", script, versions, How(actor, apply_rest, timeout, as_json))
