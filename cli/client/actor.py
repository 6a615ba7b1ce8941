"""The acting person: a user named by email address, or the operating system's user."""

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
        help="Act as this user, who may edit their own scripts only.",
        show_default=False,
    ),
]
Email = Annotated[
    str, typer.Argument(metavar="EMAIL", help="The user's email address; case and accents do not matter.")
]


def user_named(tx: RecordsTransaction, email: str) -> UserRow:
    """The user with an email address.

    Raises:
        UnknownUser: there is none, or the user was deleted.
    """
    user = tx.users.find(email)
    if user is None:
        raise UnknownUser(user=email)
    return user


def person(tx: RecordsTransaction, email: str | None) -> Person:
    """The acting person: the user with this address, or without one the user who runs the command line.

    Raises:
        UnknownUser: there is no such user.
    """
    if email is None:
        return Person(None, default_actor())
    user = user_named(tx, email)
    return Person(user.id, (user.name or user.email)[:120])
