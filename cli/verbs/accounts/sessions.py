"""Open, list and end the sessions of users.

A token is printed once and never stored; only its hash is.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

import typer

from cli.client import database
from cli.client.actor import Email, user_named
from cli.json_documents.accounts import SignedIn, SignedOut, SignIn, SignIns
from cli.rendering.listing import Columns, listing, page_of
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson, Limit, example, prose
from materialization.clock import system_clock
from repos.accounts.sessions import SignInRow

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

DAY = 24 * 3_600 * 1_000_000


@app.command("open", epilog=example("scriptledger sessions open rosa@example.org --days 7"))
def open_(
    email: Email,
    days: Annotated[int, typer.Option(metavar="N", min=1, max=3_650, help="How long it lasts.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Open a session for a user and print its token, once."""
    now = system_clock()
    with database.opened() as unit_of_work, unit_of_work.records() as tx:
        signed_in = tx.sign_ins.open(user_named(tx, email).id, now, until=now + days * DAY)
    if as_json:
        screen.print_json(SignedIn(signed_in.id, signed_in.token, screen.iso(now + days * DAY)))
    else:
        screen.print_text(f"Session {signed_in.id}, for {screen.counted(days, 'day')}. Its token, shown only once:")
        screen.print_text(signed_in.token)


@app.command("list", epilog=example("scriptledger sessions list rosa@example.org --json"))
def list_(
    email: Email,
    after: Annotated[int, typer.Option(metavar="SESSION", min=0, help="Only sessions with a higher id.")] = 0,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List the sessions of a user, including ended ones."""
    with database.reading() as tx:
        rows = tx.sign_ins.read(user_named(tx, email).id, after=after, limit=limit + 1)
    now = system_clock()
    listing(
        page_of(rows, limit),
        lambda page: SignIns([_document(row, now) for row in page.rows], page.next),
        Columns(("session", "since", "seen", "until", "state"), partial(_cells, now=now), right=("session",)),
        as_json=as_json,
    )


@app.command(epilog=example("scriptledger sessions revoke 12", "scriptledger sessions revoke --all rosa@example.org"))
def revoke(
    session: Annotated[
        int | None, typer.Argument(metavar="SESSION", help="The id of the session.", show_default=False)
    ] = None,
    all_: Annotated[
        str | None, typer.Option("--all", metavar="EMAIL", help="All sessions of this user.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """End a session, or all sessions of a user."""
    if (session is None) == (all_ is None):
        raise typer.BadParameter("give a session, or --all and a user")
    now = system_clock()
    with database.opened() as unit_of_work, unit_of_work.records() as tx:
        if all_ is not None:
            ended = tx.sign_ins.revoke_all(user_named(tx, all_).id, now)
        else:
            ended = int(tx.sign_ins.revoke(session or 0, now))
    if session is not None and not ended:
        raise Ending(Exit.REFUSED, f"There is no open session {session}.", code="unknown_session")
    if as_json:
        screen.print_json(SignedOut(ended))
    else:
        screen.print_text(f"{screen.counted(ended, 'session')} ended.")


def _state(row: SignInRow, now: int) -> Literal["open", "expired", "ended"]:
    if row.revoked_at is not None:
        return "ended"
    return "expired" if row.expires_at <= now else "open"


def _cells(row: SignInRow, now: int) -> tuple[str, ...]:
    times = (screen.moment(time) for time in (row.created_at, row.seen_at, row.expires_at))
    return str(row.id), *times, _state(row, now)


def _document(row: SignInRow, now: int) -> SignIn:
    return SignIn(
        session=row.id,
        user=row.user_id,
        state=_state(row, now),
        created_at=screen.iso(row.created_at),
        seen_at=screen.iso(row.seen_at),
        expires_at=screen.iso(row.expires_at),
    )
