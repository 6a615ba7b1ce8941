"""List, show or replay refused submissions (dead letters).

Dead letters keep their payload for a configured time.
"""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer

from cli.client import database
from cli.client.bulk.replay_all import Counts, Selection, count_due, send_again
from cli.client.queue import queue
from cli.client.since import Since, moment_of
from cli.json_documents.operate.bulk import LetterProblem, ReplayedAll
from cli.json_documents.read import Refused, Rejected
from cli.rendering.answers import end_with
from cli.rendering.listing import Columns, listing, page_of
from cli.rendering.operate.bulk import BulkReport
from cli.terminal import screen
from cli.terminal.confirmation import Yes, confirm
from cli.terminal.new_ids import new_submission_id
from cli.terminal.options import WAIT_SECONDS, AsJson, Limit, Timeout, example, prose
from cli.terminal.screen import Text
from materialization.submissions.resubmit import rejection, replay_id, replayed
from repos.submissions.dead_letter_search import LetterFilter, ListedLetter
from repos.submissions.dead_letters import DeadLetter

app = typer.Typer(add_completion=False, invoke_without_command=True, help=prose(__doc__))

After = Annotated[int, typer.Option(metavar="N", min=0, help="Continue after this number: only older ones.")]
Code = Annotated[
    str | None, typer.Option(metavar="CODE", help="Only those refused with this code.", show_default=False)
]
Script = Annotated[
    int | None, typer.Option(metavar="SCRIPT", min=1, help="Only those of this script.", show_default=False)
]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The number in the list.", show_default=False, min=1)]


@app.callback()
def rejected(
    context: typer.Context,
    script: Script = None,
    code: Code = None,
    since: Since = None,
    after: After = 0,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    if context.invoked_subcommand is None:
        list_(script=script, code=code, since=since, after=after, limit=limit, as_json=as_json)


@app.command(
    "list",
    epilog=example(
        "scriptledger rejected list --since 2h", "scriptledger rejected list --script 7 --code stale_line --limit 20"
    ),
)
def list_(
    script: Script = None,
    code: Code = None,
    since: Since = None,
    after: After = 0,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List dead letters with the reason of each, newest first. `scriptledger rejected` alone does the same."""
    wanted = _filter(script, code, since)
    with database.reading() as tx:
        page = page_of(tx.rejected_search.latest(wanted, before=after, limit=limit + 1), limit)
        whole = [tx.rejected.get(row.id) for row in page.rows] if as_json else []
    listing(
        page,
        lambda page: Rejected([_document(row) for row in whole if row is not None], page.next),
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


@app.command(
    epilog=example(
        "scriptledger rejected replay 12",
        "scriptledger rejected replay 12 --base 40 --json",
        "scriptledger rejected replay --all --code unknown_owner --since 2h",
    )
)
def replay(
    number: Annotated[int | None, typer.Argument(metavar="NUMBER", help="The number in the list.", min=1)] = None,
    every: Annotated[bool, typer.Option("--all", help="All that match, oldest first, each once.")] = False,
    script: Script = None,
    code: Code = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(metavar="N", min=0, help="With --all: at most so many; 0 is all.")] = 0,
    again: Annotated[
        bool, typer.Option("--again", help="With --all: also those that are replays, and were refused again.")
    ] = False,
    yes: Yes = False,
    base: Annotated[
        int | None, typer.Option(metavar="VERSION", min=0, help="Use this base version.", show_default=False)
    ] = None,
    timeout: Timeout = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Send it again, as a new submission that names the old one as its cause. It may be refused again.

    A user's submission is sent for that user, who may edit their own scripts only. With --all, a second run sends
    nothing again, also after an interruption.
    """
    if every == (number is not None):
        raise typer.BadParameter("give a NUMBER or --all", param_hint="NUMBER")
    if number is not None:
        if script or code or since or limit or again:
            raise typer.BadParameter("filters need --all", param_hint="--script, --code, --since, --limit, --again")
        _replay_one(number, base, timeout=timeout, as_json=as_json)
        return
    if base is not None:
        raise typer.BadParameter("needs a NUMBER", param_hint="--base")
    wanted = _filter(script, code, since)
    _replay_all(wanted, limit, again=again, yes=yes, timeout=timeout, as_json=as_json)


def _filter(script: int | None, code: str | None, since: str | None) -> LetterFilter:
    """The filter of the options. An empty code, as of an empty variable of a shell, does not choose everything."""
    if code == "":
        raise typer.BadParameter("it is empty", param_hint="--code")
    return LetterFilter(script or 0, code or "", moment_of(since) or 0)


def _replay_one(number: int, base: int | None, *, timeout: float, as_json: bool) -> None:
    with queue() as sending:
        with sending.unit_of_work.reading() as tx:
            row = rejection(tx, number)
            name = replay_id(row.id, row.script_id, row.submission_id, row.rejected_at)
            if tx.submissions.get(row.script_id, name) is not None or tx.inbox.holds(row.script_id, name):
                name = new_submission_id("replay")
            submission = replayed(tx, row, name, base_version=base)
        answer = sending.send(submission, timeout=timeout, user_id=row.user_id)
    end_with(answer, as_json=as_json)


def _replay_all(wanted: LetterFilter, limit: int, *, again: bool, yes: bool, timeout: float, as_json: bool) -> NoReturn:
    report = BulkReport("number", "dead letter")
    with queue() as sending:
        with sending.unit_of_work.reading() as tx, screen.waiting("Counting…"):
            newest = tx.rejected_search.latest(LetterFilter(), limit=1)
            selection = Selection(wanted, newest[0].id if newest else 0, limit, again)
            counts = count_due(tx, selection)
        if counts.due:
            confirm(f"Send {screen.counted(counts.due, 'dead letter')} again?", yes=yes)
            send_again(sending, selection, report, total=counts.due, timeout=timeout)
    if as_json:
        screen.print_json(_all_document(counts, report))
    else:
        _print_all(counts, report)
    raise typer.Exit(report.status(waited=True))


def _print_all(counts: Counts, report: BulkReport) -> None:
    if counts.due:
        report.print()
    else:
        screen.print_text("Nothing to send again.")
    if counts.before:
        screen.print_text(f"{screen.counted(counts.before, 'dead letter')} had been sent again before.")
    if counts.replays:
        replays = screen.counted(counts.replays, "refused replay")
        screen.print_text(f"{replays} left out; --again includes them.")


def _all_document(counts: Counts, report: BulkReport) -> ReplayedAll:
    return ReplayedAll(
        replayed=report.outcomes.total() - report.outcomes["invalid"],
        replayed_before=counts.before,
        left_out=counts.replays,
        outcomes=dict(report.outcomes),
        codes=dict(report.codes),
        problems=[LetterProblem(*problem) for problem in report.problems],
        seconds=report.seconds,
    )


def _cut(row: DeadLetter) -> list[Text]:
    """The note that the payload is truncated."""
    if row.whole_bytes is None or row.whole_sha256 is None:
        return []
    stored, whole = len(row.payload), row.whole_bytes
    return [Text(f"(the first {stored} of {whole} bytes; SHA-256 of all {row.whole_sha256.hex()})", "dim")]


def _cells(row: ListedLetter) -> tuple[str, ...]:
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
