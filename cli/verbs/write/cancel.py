"""Cancel submissions that still wait for an answer.

Each gets an answer like any other: refused, with the code cancelled. It is kept in the dead letters, from which it can
be replayed. The script is locked first, so a drain and a cancellation never both answer a submission; the output says
which did. It works for quarantined scripts and without a broker.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, NoReturn

import structlog
import typer

from cli.client import database
from cli.client.actor import As, person
from cli.client.bulk.cancelling import Choice, cancel_matching, cancel_rows, count, with_a_script
from cli.client.drain_pauses import ring_scripts
from cli.client.since import moment_of
from cli.json_documents.operate.bulk import CancelledMany, CancelledOne
from cli.terminal import screen
from cli.terminal.confirmation import Yes, confirm
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson, example, prose
from cli.terminal.short_text import short_text
from domain.errors import Conflict
from domain.refusals import Cancelled
from materialization.pending.cancel import Cancellation
from repos.database.driver_errors import DriverError
from repos.submissions.pending_search import PendingFilter, PendingRow
from repos.unit_of_work import RecordsTransaction, UnitOfWork

app = typer.Typer(add_completion=False)

MAX_LISTED = 1_000
MAX_REASON = 200
# The same id may be pending for several scripts.
MAX_SAME_ID = 100
EXAMPLES = (
    "scriptledger cancel edit-7 --script 7",
    "scriptledger cancel --script 7 --reason 'the script is repaired first'",
    "scriptledger cancel --run run-1 --yes",
    "scriptledger cancel --all --older-than 2h",
)


@app.command(help=prose(__doc__), epilog=example(*EXAMPLES))
def cancel(
    submissions: Annotated[
        list[str] | None, typer.Argument(metavar="SUBMISSION…", help="Their ids.", show_default=False)
    ] = None,
    script: Annotated[
        int | None, typer.Option(metavar="SCRIPT", min=1, help="Only those of this script.", show_default=False)
    ] = None,
    run: Annotated[
        str | None, typer.Option(metavar="RUN", help="Only those of this run of an AI.", show_default=False)
    ] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE|TIME", help="Only those that have waited since then.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; the sender sees it.", show_default=False)
    ] = "no reason was given",
    as_user: As = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    _require_choice(submissions or [], script, run, older_than, every=every, reason=reason)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    chosen = database.settings()
    report = _Report(named=bool(submissions), as_user=as_user)
    with database.opened(chosen) as unit_of_work:
        with unit_of_work.reading() as tx:
            by = person(tx, as_user)
            wanted = PendingFilter(script, None, moment_of(older_than, "--older-than"), by.user_id)
            choice = Choice(wanted, tx.pending.last_arrival(), run)
            rows = _named(tx, submissions or [], wanted, report)
        why = Cancelled(by=by.name or "an operator", reason=reason)
        try:
            if submissions:
                left = cancel_rows(unit_of_work, rows, why, report.add)
            else:
                left = _cancel_chosen(unit_of_work, choice, why, report, yes=yes)
        except KeyboardInterrupt:
            done = screen.counted(report.counts["cancelled"], "submission")
            raise Ending(
                Exit.INTERRUPTED, f"Interrupted after {done} had been cancelled. The same command continues."
            ) from None
        except (Conflict, *DriverError):
            done = screen.counted(report.counts["cancelled"], "submission")
            screen.warn(f"Cancelled {done}. The same command continues.", style="yellow")
            raise
        # A drain that found a script locked by us has left it to us.
        if left:
            ring_scripts(chosen, left)
    report.end(as_json=as_json)


def _cancel_chosen(unit_of_work: UnitOfWork, choice: Choice, why: Cancelled, report: _Report, *, yes: bool) -> set[int]:
    with screen.waiting("Counting…"):
        counts = count(unit_of_work, choice)
    if not counts.submissions:
        return set()
    what = f"{screen.counted(counts.submissions, 'pending submission')} of {screen.counted(counts.scripts, 'script')}"
    confirm(f"Cancel {what}?", yes=yes)
    with screen.rated_progress() as bars:
        bar = bars.add_task("cancelled", total=counts.submissions)

        def show(each: Sequence[Cancellation]) -> None:
            report.add(each)
            bars.advance(bar, len(each))

        return cancel_matching(unit_of_work, choice, why, show)


def _named(tx: RecordsTransaction, names: Sequence[str], wanted: PendingFilter, report: _Report) -> list[PendingRow]:
    """The pending submissions with these ids; of the others, what became of them is reported."""
    rows: list[PendingRow] = []
    upto = tx.pending.last_arrival()
    for name in dict.fromkeys(names):
        found = with_a_script(
            tx.pending.search(wanted._replace(submission_id=name), after=0, upto=upto, limit=MAX_SAME_ID)
        )
        if len(found) > 1:
            scripts = ", ".join(str(row.script_id) for row in found)
            sentence = f"{name} is pending for several scripts: {scripts}. Name one with --script."
            raise Ending(Exit.REFUSED, sentence, code="ambiguous")
        rows += found
        if not found:
            report.missing(tx, name, wanted.script_id)
    return rows


def _require_choice(
    names: Sequence[str], script: int | None, run: str | None, older_than: str | None, *, every: bool, reason: str
) -> None:
    moment_of(older_than, "--older-than")
    short_text(reason, "--reason", MAX_REASON)
    if names and (run or older_than or every):
        raise typer.BadParameter("ids go with --script alone", param_hint="SUBMISSION")
    if not (names or script or run or older_than or every):
        raise typer.BadParameter("name submissions, or give --script, --run, --older-than or --all")


class _Report:
    """What became of the submissions."""

    def __init__(self, *, named: bool, as_user: str | None) -> None:
        self.counts: Counter[str] = Counter()
        self._as_user = as_user
        self._named = named
        self._listed: list[CancelledOne] = []

    def add(self, each: Sequence[Cancellation]) -> None:
        """Add what became of some."""
        for one in each:
            outcome = None if one.answer is None else one.answer.outcome
            self._add(CancelledOne(one.script_id, one.submission_id, one.became, outcome))

    def missing(self, tx: RecordsTransaction, name: str, script_id: int | None) -> None:
        """Add a submission that is not pending."""
        found = None if script_id is None else tx.submissions.get(script_id, name)
        outcome = None if found is None else found.answer.outcome
        self._add(CancelledOne(script_id or 0, name, "gone" if found is None else "answered", outcome))

    def end(self, *, as_json: bool) -> NoReturn:
        """Print it, and exit."""
        counts = self.counts
        if as_json:
            screen.print_json(
                CancelledMany(
                    cancelled=counts["cancelled"],
                    answered=counts["answered"],
                    gone=counts["gone"],
                    submissions=self._listed,
                )
            )
        else:
            for one in self._listed:
                screen.print_text(_sentence(one, self._as_user))
            if not self._named:
                screen.print_text(f"Cancelled {screen.counted(counts['cancelled'], 'pending submission')}.")
        is_refused = self._named and (counts["answered"] or counts["gone"])
        raise typer.Exit(Exit.REFUSED if is_refused else Exit.DONE)

    def _add(self, one: CancelledOne) -> None:
        self.counts[one.became] += 1
        if len(self._listed) < MAX_LISTED and (self._named or one.became != "cancelled"):
            self._listed.append(one)


def _sentence(one: CancelledOne, as_user: str | None) -> str:
    where = f" of script {one.script_id}" if one.script_id else ""
    match one.became:
        case "cancelled":
            return f"Submission {one.submission_id}{where} is cancelled."
        case "answered":
            return f"Submission {one.submission_id}{where} was answered first ({one.outcome}): it is not cancelled."
        case _:
            hint = "" if one.script_id else "; with --script its answer is shown, if it has one"
            sender = "" if as_user is None else f", or {as_user} did not send it"
            return f"Submission {one.submission_id}{where} is not pending{sender}{hint}."
