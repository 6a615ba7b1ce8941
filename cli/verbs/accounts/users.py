"""Add, list, rename or delete users.

They own scripts, sign in, and decide what an AI may write.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import database
from cli.client.actor import Email, user_named
from cli.json_documents.accounts import User, Users
from cli.rendering.listing import Columns, listing, page_of
from cli.terminal import screen
from cli.terminal.options import AsJson, Limit, example, prose
from materialization.clock import system_clock
from repos.accounts.users import UserRow

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

Name = Annotated[str | None, typer.Option(metavar="NAME", help="The user's name in the log.", show_default=False)]


@app.command(epilog=example("scriptledger users add rosa@example.org --name Rosa"))
def add(email: Email, name: Name = None, as_json: AsJson = False) -> None:
    """Add a user. Addresses that differ only in case or accents are the same address."""
    with database.opened() as unit_of_work, unit_of_work.records() as tx:
        number = tx.users.add(email, system_clock(), name=name)
        row = tx.users.get(number)
    _print(row, as_json=as_json, sentence=f"User {number} is {email}.")


@app.command("list", epilog=example("scriptledger users list --after 100 --json"))
def list_(
    after: Annotated[int, typer.Option(metavar="USER", min=0, help="Only users with a higher id.")] = 0,
    limit: Limit = 100,
    deleted: Annotated[bool, typer.Option("--deleted", help="Include deleted users.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the users."""
    with database.reading() as tx:
        rows = tx.users.read(after=after, limit=limit + 1, deleted=deleted)
    listing(
        page_of(rows, limit),
        lambda page: Users([_document(row) for row in page.rows], page.next),
        Columns(("user", "email", "name", "since", ""), _cells, right=("user",)),
        as_json=as_json,
    )


@app.command(epilog=example("scriptledger users rename rosa@example.org 'Rosa D.'"))
def rename(
    email: Email,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.")],
    as_json: AsJson = False,
) -> None:
    """Give a user another name."""
    with database.opened() as unit_of_work, unit_of_work.records() as tx:
        user = user_named(tx, email)
        tx.users.rename(user.id, name)
        row = tx.users.get(user.id)
    _print(row, as_json=as_json, sentence=f"User {user.id} is now called {name}.")


@app.command(epilog=example("scriptledger users move rosa@example.org rosa@example.com"))
def move(
    email: Email,
    to: Annotated[str, typer.Argument(metavar="NEW", help="The new address.")],
    as_json: AsJson = False,
) -> None:
    """Give a user another address."""
    with database.opened() as unit_of_work, unit_of_work.records() as tx:
        user = user_named(tx, email)
        tx.users.move(user.id, to)
        row = tx.users.get(user.id)
    _print(row, as_json=as_json, sentence=f"User {user.id} is now {to}.")


@app.command(epilog=example("scriptledger users delete rosa@example.org"))
def delete(email: Email, as_json: AsJson = False) -> None:
    """Delete a user and end their sessions. Their scripts and chat messages stay; the address becomes free."""
    now = system_clock()
    with database.opened() as unit_of_work, unit_of_work.records() as tx:
        user = user_named(tx, email)
        tx.sign_ins.revoke_all(user.id, now)
        tx.users.delete(user.id, now)
        row = tx.users.get(user.id)
    _print(row, as_json=as_json, sentence=f"User {user.id} is deleted.")


def _print(row: UserRow | None, *, as_json: bool, sentence: str) -> None:
    if as_json and row is not None:
        screen.print_json(_document(row))
    else:
        screen.print_text(sentence)


def _cells(row: UserRow) -> tuple[str, ...]:
    state = "" if row.deleted_at is None else f"deleted {screen.moment(row.deleted_at)}"
    return str(row.id), row.email, row.name or "", screen.moment(row.created_at), state


def _document(row: UserRow) -> User:
    return User(
        user=row.id,
        email=row.email,
        name=row.name,
        created_at=screen.iso(row.created_at),
        deleted_at=screen.iso_or_none(row.deleted_at),
    )
