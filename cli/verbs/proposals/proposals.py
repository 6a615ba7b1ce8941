"""Show, accept or refuse the proposals of AIs.

An accepted part is recorded with the AI as its author and the accepting user as its actor; a refused part is not
offered again.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import database
from cli.client.actor import As, person
from cli.client.proposals import proposal_of, proposing
from cli.json_documents.proposals import Accepted, Proposals, TurnedDown
from cli.rendering.answers import described as described_answer
from cli.rendering.listing import Columns, listing, page_of
from cli.rendering.model_costs import costs_of
from cli.rendering.proposals import described, document, shown_hunks, state_text
from cli.terminal import screen
from cli.terminal.exit_status import Exit
from cli.terminal.options import WAIT_SECONDS, AsJson, Limit, NoWait, Timeout, example, prose
from materialization.clock import system_clock
from materialization.proposals.decisions import reject as reject_hunks
from repos.proposals.proposals import ProposalRow

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

Proposal = Annotated[int, typer.Argument(metavar="PROPOSAL", help="The id of the proposal.", show_default=False, min=1)]
Hunks = Annotated[
    list[int] | None,
    typer.Option("--hunk", metavar="N", min=1, help="Only this part; may be repeated.", show_default=False),
]


@app.command("list", epilog=example("scriptledger proposals list --script 1", "scriptledger proposals list --json"))
def list_(
    script: Annotated[int, typer.Option(metavar="SCRIPT", min=0, help="Only proposals for this script.")] = 0,
    after: Annotated[int, typer.Option(metavar="N", min=0, help="Only proposals with a higher id.")] = 0,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List proposals, for one script or all."""
    with database.reading() as tx:
        rows = tx.proposals.read(script, after=after, limit=limit + 1)
    headings = ("proposal", "when", "script", "base", "state", "model", "instruction")
    listing(
        page_of(rows, limit),
        lambda page: Proposals([document(row) for row in page.rows], page.next),
        Columns(headings, _cells, right=("proposal", "script", "base")),
        as_json=as_json,
    )


@app.command(epilog=example("scriptledger proposals show 3"))
def show(proposal: Proposal, as_json: AsJson = False) -> None:
    """Show a proposal: what each part would change at the head of the script."""
    with database.reading() as tx:
        row = proposal_of(tx, proposal)
        hunks, costs = shown_hunks(tx, row), costs_of(tx, row)
    if as_json:
        screen.print_json(document(row, hunks, costs))
    else:
        screen.print_text(*described(row, hunks, costs))


@app.command(
    epilog=example("scriptledger proposals accept 3", "scriptledger proposals accept 3 --hunk 1 --as rosa@example.org")
)
def accept(
    proposal: Proposal,
    hunk: Hunks = None,
    as_: As = None,
    no_wait: NoWait = False,
    timeout: Timeout = WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Accept a proposal, or parts of it: the AI is the author and you are the actor. This is idempotent."""
    with proposing() as client:
        with client.unit_of_work.reading() as tx:
            by = person(tx, as_)
        accepted = client.review.accept(proposal, by, hunk or ())
        wanted = () if no_wait else accepted.submission_ids
        answers = client.answers(accepted.script_id, wanted, timeout=timeout)
        with client.unit_of_work.reading() as tx:
            row = proposal_of(tx, proposal)
    if as_json:
        screen.print_json(Accepted(proposal, row.state, answers))
    else:
        for answer in answers:
            screen.print_text(*described_answer(answer))
        screen.print_text(f"Proposal {proposal} is {state_text(row.state)}.")
    raise typer.Exit(Exit.REFUSED if any(answer.outcome == "refused" for answer in answers) else Exit.DONE)


@app.command(epilog=example("scriptledger proposals reject 3", "scriptledger proposals reject 3 --hunk 2"))
def reject(proposal: Proposal, hunk: Hunks = None, as_: As = None, as_json: AsJson = False) -> None:
    """Refuse a proposal, or parts of it: the same change to the same lines is not offered again."""
    with database.opened() as unit_of_work:
        with unit_of_work.records() as tx:
            count = reject_hunks(tx, proposal, hunk or (), person(tx, as_), system_clock())
        with unit_of_work.reading() as tx:
            row = proposal_of(tx, proposal)
    if as_json:
        screen.print_json(TurnedDown(proposal, row.state, count))
    else:
        screen.print_text(f"{screen.counted(count, 'part')} refused. Proposal {proposal} is {state_text(row.state)}.")


def _cells(row: ProposalRow) -> tuple[str, ...]:
    first_line = row.instruction.partition("\n")[0]
    return (
        str(row.id),
        screen.moment(row.created_at),
        str(row.script_id),
        str(row.base_version),
        f"{state_text(row.state)} ({row.code})" if row.code else state_text(row.state),
        row.model or "",
        first_line if len(first_line) <= 60 else first_line[:59] + "…",
    )
