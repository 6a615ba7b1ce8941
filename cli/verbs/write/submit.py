"""Send submissions as JSON, and wait for their answers.

A submission, from a file or standard input, goes through the queue like any other. The format and the answers are
described in docs/submissions.md. Submissions are idempotent: one sent twice has one effect and gets the same answer.
Ctrl-C stops the waiting, never the submission.

With --many, each line of the file is a submission. The same command can be repeated at any time, also after a crash: it
continues, and repeats nothing. A line without submission_id gets one that follows from the name of the file, the number
of the line and its bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli.client.bulk.bulk_run import Pace
from cli.client.bulk.many_submissions import Many, send_file
from cli.client.queue import queue
from cli.json_documents.operate.bulk import LineProblem, ManySubmitted
from cli.rendering.answers import end_pending, end_with
from cli.terminal import screen
from cli.terminal.bounded_file import STANDARD_INPUT, read_bounded
from cli.terminal.exit_status import Exit
from cli.terminal.options import WAIT_SECONDS, AsJson, NoWait, Timeout, example, prose
from domain.refusals import SubmissionTooLarge
from domain.submissions.submission import MAX_SUBMISSION_BYTES, decode_submission

app = typer.Typer(add_completion=False)

EXAMPLES = (
    "scriptledger submit edit.json",
    "scriptledger submit - < edit.json",
    "scriptledger submit --many edits.jsonl --rate 500/s",
)


@app.command(help=prose(__doc__), epilog=example(*EXAMPLES))
def submit(
    file: Annotated[
        Path, typer.Argument(metavar="FILE|-", help="A JSON file, or - for standard input.")
    ] = STANDARD_INPUT,
    many: Annotated[bool, typer.Option("--many", help="Each line of the file is a submission.")] = False,
    rate: Annotated[
        str, typer.Option(metavar="N/s", help="With --many: send at most N a second.", show_default=False)
    ] = "",
    stop_on_error: Annotated[
        bool,
        typer.Option(
            "--stop-on-error", help="With --many: stop at the first problem; up to 4,000 lines after it may be sent."
        ),
    ] = False,
    batch: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="With --many: the name that ids of lines without one follow from; by default that of the file.",
            show_default=False,
        ),
    ] = "",
    no_wait: NoWait = False,
    timeout: Timeout = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    if many:
        pace = Pace(_rate(rate), wait=not no_wait, timeout=timeout)
        _submit_many(file, batch, pace, stop_on_error=stop_on_error, as_json=as_json)
    if rate or stop_on_error or batch:
        raise typer.BadParameter("needs --many", param_hint="--rate, --stop-on-error and --batch")
    submission = decode_submission(read_bounded(file, MAX_SUBMISSION_BYTES, SubmissionTooLarge))
    with queue() as sending:
        if no_wait:
            sending.put(submission)
        else:
            answer = sending.send(submission, timeout=timeout)
    if no_wait:
        end_pending(submission.script_id, submission.submission_id, as_json=as_json, status=Exit.DONE)
    end_with(answer, as_json=as_json)


def _submit_many(file: Path, batch: str, pace: Pace, *, stop_on_error: bool, as_json: bool) -> NoReturn:
    done = send_file(file, batch, pace, stop_on_error=stop_on_error)
    if as_json:
        screen.print_json(_document(file, done))
    else:
        done.report.print()
        if done.stopped:
            how = "Without --stop-on-error, the same command" if stop_on_error else "The same command"
            screen.print_text(f"Stopped early: lines are left that were not sent. {how} continues.")
    raise typer.Exit(done.report.status(waited=pace.wait))


def _document(file: Path, done: Many) -> ManySubmitted:
    report = done.report
    return ManySubmitted(
        file=str(file),
        lines=report.outcomes.total(),
        answered_before=report.answered_before,
        outcomes=dict(report.outcomes),
        codes=dict(report.codes),
        problems=[LineProblem(*problem) for problem in report.problems],
        stopped=done.stopped,
        seconds=report.seconds,
    )


def _rate(text: str) -> float:
    """Submissions a second; 0 is without a limit."""
    if not text:
        return 0.0
    try:
        rate = float(text.removesuffix("/s"))
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise typer.BadParameter("a rate is a number of submissions a second, such as 500/s", param_hint="--rate")
    return rate
