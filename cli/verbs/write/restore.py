"""Restore a script to a version, time or draft.

It writes a new version: later versions stay in the history. If the script is edited in the meantime, the restore is
refused; check the new versions and run it again. The archived status and the drafts are not restored.

{times}
"""

from __future__ import annotations

import typer

from cli.client import database
from cli.client.queue import default_actor, queue
from cli.client.version_options import ABOUT_TIMES, At, Label, Version, chosen
from cli.rendering.answers import end_with
from cli.terminal.new_ids import new_submission_id
from cli.terminal.options import WAIT_SECONDS, Actor, AsJson, Script, Timeout, example, prose
from domain.commands.whole_script.script_restore import restore_to
from domain.submissions.submission import Submission

app = typer.Typer(add_completion=False)


@app.command(
    help=prose((__doc__ or "").format(times=ABOUT_TIMES)),
    epilog=example("scriptledger restore 1 --version 3", 'scriptledger restore 1 --label "White draft"'),
)
def restore(
    script: Script,
    version: Version = None,
    at: At = None,
    label: Label = None,
    actor: Actor = None,
    timeout: Timeout = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    if [version, at, label].count(None) != 2:
        raise typer.BadParameter("give one of --version, --at and --label")
    with queue() as sending:
        with sending.unit_of_work.reading() as tx:
            head = database.state_of(tx, script)
            goal = database.state_of(tx, script, chosen(tx, script, version=version, at=at, label=label))
        submission = Submission(
            script_id=script,
            submission_id=new_submission_id("restore"),
            author="user",
            actor=default_actor() if actor is None else actor,
            base_version=head.version,
            commands=(restore_to(head, goal),),
        )
        answer = sending.send(submission, timeout=timeout)
    done = f"Script {script} is restored to version {goal.version}, as version {answer.last_version}."
    end_with(answer, as_json=as_json, done=done)
