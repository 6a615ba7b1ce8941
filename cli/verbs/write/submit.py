"""Send a submission as JSON, and wait for its answer.

The submission, from a file or standard input, goes through the queue like any other. The format and the answers are
described in docs/submissions.md. Submissions are idempotent: one sent twice has one effect and gets the same answer.
Ctrl-C stops the waiting, never the submission.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.client.queue import queue
from cli.rendering.answers import end_pending, end_with
from cli.terminal.bounded_file import STANDARD_INPUT, read_bounded
from cli.terminal.exit_status import Exit
from cli.terminal.options import WAIT_SECONDS, AsJson, NoWait, Timeout, example, prose
from domain.refusals import SubmissionTooLarge
from domain.submissions.submission import MAX_SUBMISSION_BYTES, decode_submission

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger submit edit.json", "scriptledger submit - < edit.json"))
def submit(
    file: Annotated[
        Path, typer.Argument(metavar="FILE|-", help="A JSON file, or - for standard input.")
    ] = STANDARD_INPUT,
    no_wait: NoWait = False,
    timeout: Timeout = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    submission = decode_submission(read_bounded(file, MAX_SUBMISSION_BYTES, SubmissionTooLarge))
    with queue() as sending:
        if no_wait:
            sending.put(submission)
        else:
            answer = sending.send(submission, timeout=timeout)
    if no_wait:
        end_pending(submission.script_id, submission.submission_id, as_json=as_json, status=Exit.DONE)
    end_with(answer, as_json=as_json)
