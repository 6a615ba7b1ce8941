"""Revert an undo: the last, or that of a submission.

It writes new versions, with the same checks as an undo: later edits by others are not overwritten. A second redo
reverts the undo before.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client.undo import UndoOptions, send_undo
from cli.terminal.options import WAIT_SECONDS, Actor, AsJson, Script, Timeout, example, prose
from materialization.history.redo import versions_to_redo
from materialization.history.undo import versions_of_submission
from repos.unit_of_work import RecordsTransaction

app = typer.Typer(add_completion=False)


@app.command(
    help=prose(__doc__), epilog=example("scriptledger redo 1", "scriptledger redo 1 --submission undo-x6m2k4a9c1t8w3zb")
)
def redo(
    script: Script,
    submission: Annotated[
        str | None, typer.Option(metavar="ID", help="Revert this undo; by default the last one.", show_default=False)
    ] = None,
    apply_rest: Annotated[bool, typer.Option("--apply-rest", help="Apply what still can be applied.")] = False,
    actor: Actor = None,
    timeout: Timeout = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    def versions(tx: RecordsTransaction) -> list[int]:
        if submission is not None:
            return versions_of_submission(tx, script, submission)
        return versions_to_redo(tx, script)

    send_undo("redo", script, versions, UndoOptions(actor, apply_rest, timeout, as_json))
