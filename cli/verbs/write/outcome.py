"""Show the answer to a submission.

With --wait it waits until there is one. A pending submission gives exit status 3. With --sent the answer is shown only
if it is to that content: other content under this id is reported as same_id_other_content.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.client import database
from cli.client.queue import queue
from cli.rendering.answers import end_pending, end_with
from cli.terminal.bounded_file import read_bounded
from cli.terminal.exit_status import Exit
from cli.terminal.options import WAIT_SECONDS, AsJson, Script, Timeout, example, prose
from domain.refusals import SubmissionTooLarge
from domain.submissions.submission import MAX_SUBMISSION_BYTES, decode_submission
from workers.producers.producer import look

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger outcome 1 edit-42 --wait"))
def outcome(
    script: Script,
    submission: Annotated[str, typer.Argument(metavar="SUBMISSION", help="The id of the submission.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the answer, and check that a worker runs.")] = False,
    sent: Annotated[
        Path | None,
        typer.Option("--sent", metavar="FILE", help="The submission that was sent, to compare.", show_default=False),
    ] = None,
    timeout: Timeout = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    given = None if sent is None else decode_submission(read_bounded(sent, MAX_SUBMISSION_BYTES, SubmissionTooLarge))
    with database.reading() as tx:
        answer = look(tx, script, submission, sent=given)
    if answer is None and wait:
        with queue() as sending:
            sending.wait(script, submission, timeout=timeout)
        with database.reading() as tx:
            answer = look(tx, script, submission, sent=given)
    if answer is None:
        end_pending(script, submission, as_json=as_json, status=Exit.NOT_ANSWERED)
    end_with(answer, as_json=as_json)
