"""List, show or replay refused submissions (dead letters).

Dead letters keep their payload for a configured time.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import database
from cli.client.queue import queue
from cli.json_documents.read import Refused, Rejected
from cli.rendering.answers import end_with
from cli.rendering.listing import Columns, listing, page_of
from cli.terminal import screen
from cli.terminal.new_ids import new_submission_id
from cli.terminal.options import WAIT_SECONDS, AsJson, Limit, Timeout, example, prose
from cli.terminal.screen import Text
from materialization.submissions.resubmit import rejection, replayed
from repos.submissions.dead_letters import DeadLetter

app = typer.Typer(add_completion=False, invoke_without_command=True, help=prose(__doc__))

After = Annotated[int, typer.Option(metavar="N", min=0, help="Only dead letters with a higher number.")]
Code = Annotated[str, typer.Option(metavar="CODE", help="Only those refused with this code.", show_default=False)]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The number in the list.", show_default=False, min=1)]


@app.callback()
def rejected(
    context: typer.Context, code: Code = "", after: After = 0, limit: Limit = 50, as_json: AsJson = False
) -> None:
    if context.invoked_subcommand is None:
        list_(code=code, after=after, limit=limit, as_json=as_json)


@app.command(
    "list",
    epilog=example("scriptledger rejected list --limit 20", "scriptledger rejected list --script 7 --code stale_line"),
)
def list_(
    script: Annotated[int, typer.Option(metavar="SCRIPT", min=0, help="Only those of this script.")] = 0,
    code: Code = "",
    after: After = 0,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List dead letters with the reason of each. `scriptledger rejected` alone does the same."""
    with database.reading() as tx:
        rows = tx.rejected.read(after=after, limit=limit + 1, script_id=script, code=code)
    listing(
        page_of(rows, limit),
        lambda page: Rejected([_document(row) for row in page.rows], page.next),
        Columns(("number", "when", "script", "submission", "code", "reason"), _cells, right=("number", "script")),
        as_json=as_json,
    )


@app.command(epilog=example("scriptledger rejected show 12"))
def show(number: Number, as_json: AsJson = False) -> None:
    """Show a dead letter: the reason and the payload."""
    with database.reading() as tx:
        row = rejection(tx, number)
    if as_json:
        screen.print_json(_document(row))
        return
    screen.print_text(
        Text.assemble((row.code, "bold red"), f"  {row.message}"),
        Text(f"Submission {row.submission_id} to script {row.script_id}, {screen.moment(row.rejected_at)}"),
        screen.block(row.payload.decode(errors="replace")),
        *_cut(row),
    )


@app.command(epilog=example("scriptledger rejected replay 12", "scriptledger rejected replay 12 --base 40 --json"))
def replay(
    number: Number,
    base: Annotated[
        int | None, typer.Option(metavar="VERSION", min=0, help="Use this base version.", show_default=False)
    ] = None,
    timeout: Timeout = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Send it again, as a new submission that names the old one as its cause. It may be refused again.

    A user's submission is sent for that user, who may edit their own scripts only.
    """
    with queue() as sending:
        with sending.unit_of_work.reading() as tx:
            row = rejection(tx, number)
            submission = replayed(tx, row, new_submission_id("replay"), base_version=base)
        answer = sending.send(submission, timeout=timeout, user_id=row.user_id)
    end_with(answer, as_json=as_json)


def _cut(row: DeadLetter) -> list[Text]:
    """The note that the payload is truncated."""
    if row.whole_bytes is None or row.whole_sha256 is None:
        return []
    stored, whole = len(row.payload), row.whole_bytes
    return [Text(f"(the first {stored} of {whole} bytes; SHA-256 of all {row.whole_sha256.hex()})", "dim")]


def _cells(row: DeadLetter) -> tuple[str, ...]:
    when = screen.moment(row.rejected_at)
    return str(row.id), when, str(row.script_id), row.submission_id, row.code, row.message


def _document(row: DeadLetter) -> Refused:
    return Refused(
        number=row.id,
        script_id=row.script_id,
        submission_id=row.submission_id,
        code=row.code,
        message=row.message,
        rejected_at=screen.iso(row.rejected_at),
        user=row.user_id,
        account=row.account,
        payload=row.payload.decode(errors="replace"),
        whole_bytes=row.whole_bytes,
        whole_sha256=row.whole_sha256.hex() if row.whole_sha256 else None,
    )
