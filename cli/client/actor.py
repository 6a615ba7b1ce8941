"""Who acts: a user who is named by address, or whoever sits here."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client.queue import default_actor
from domain.accounts import UnknownUser
from materialization.proposals.decisions import Person
from repos.accounts.users import UserRow
from repos.unit_of_work import RecordsTransaction

As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="EMAIL",
        help="Which user this is, who may then edit their own scripts only.",
        show_default=False,
    ),
]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's address, however it is written.")]


def user_named(tx: RecordsTransaction, email: str) -> UserRow:
    """The user with an address.

    Raises:
        UnknownUser: there is none, or not any more.
    """
    found = tx.users.find(email)
    if found is None:
        raise UnknownUser(user=email)
    return found


def person(tx: RecordsTransaction, email: str | None) -> Person:
    """Who acts: the user of this address, or without one whoever runs the command line.

    Raises:
        UnknownUser: there is no such user.
    """
    if email is None:
        return Person(None, default_actor())
    found = user_named(tx, email)
    return Person(found.id, (found.name or found.email)[:120])
