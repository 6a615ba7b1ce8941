"""Take back a version, a submission or an AI's whole run.

As new versions: history is never rewritten. What somebody has edited since is not forced: the undo is then refused, or with --apply-rest done as far as it goes.
Undoing an undo is redo.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli import ledger
from cli.answers import end_with
from cli.help_text import example, prose
from cli.new_ids import new_submission_id
from cli.options import WAIT_SECONDS, Actor, AsJson, Script, Timeout
from cli.sending import default_actor, queue
from domain.submission import Cause, Submission
from materialization.undo import inverse_commands, versions_of_run, versions_of_submission
from repos.unit_of_work import RecordsWork

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
    with queue() as sending:
        with sending.unit_of_work.reading() as tx:
            head = ledger.head_of(tx, script)
            versions = _versions(tx, script, version, submission, run)
            commands = inverse_commands(tx, script, versions)
        undoing = Submission(
            script_id=script,
            submission_id=new_submission_id("undo"),
            author="user",
            actor=default_actor() if actor is None else actor,
            base_version=head.version,
            cause=Cause(undoes=versions[0]),
            commands=commands,
            apply_rest=apply_rest,
        )
        answer = sending.send(undoing, timeout=timeout)
    end_with(answer, as_json=as_json)


def _versions(tx: RecordsWork, script: int, version: int | None, submission: str | None, run: str | None) -> list[int]:
    if version is not None:
        return [version]
    if submission is not None:
        return versions_of_submission(tx, script, submission)
    return versions_of_run(tx, script, run or "")
