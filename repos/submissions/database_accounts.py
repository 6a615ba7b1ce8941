"""Table database_accounts: the accounts that `gates install` made, and what their submissions may claim.

Read once a minute in each process, and only where the server writes the account into the rows of the inbox.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select

from domain.submissions.account_roles import ACCOUNT_ROLES, UNLISTED_AUTHORS
from repos.database.session import Session
from repos.schema.account_tables import database_accounts

MAX_AGE_SECONDS = 60.0


class SendingAccount(NamedTuple):
    """An account that sends submissions: its id in the table, and the authors it may claim. No id: it is not listed."""

    id: int | None
    authors: tuple[str, ...]


UNLISTED = SendingAccount(None, UNLISTED_AUTHORS)
_SELECT = select(database_accounts.c.id, database_accounts.c.account, database_accounts.c.role)


class _Known(NamedTuple):
    accounts: dict[str, SendingAccount]
    expires_at: float


_known: WeakKeyDictionary[Engine, _Known] = WeakKeyDictionary()


class SendingAccounts:
    """The listed accounts, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, account: str) -> SendingAccount:
        """The account with this name; one that is not listed may claim what a producer may."""
        return self._listed().get(account, UNLISTED)

    def are_installed(self) -> bool:
        """Whether any account is listed."""
        return bool(self._listed())

    def _listed(self) -> Mapping[str, SendingAccount]:
        known = _known.get(self._session.engine)
        if known is None or time.monotonic() > known.expires_at:
            known = _known[self._session.engine] = _Known(self._read(), time.monotonic() + MAX_AGE_SECONDS)
        return known.accounts

    def _read(self) -> dict[str, SendingAccount]:
        return {
            account: SendingAccount(number, ACCOUNT_ROLES[role].authors if role in ACCOUNT_ROLES else ())
            for number, account, role in self._session.rows(_SELECT)
        }


def forget_accounts(engine: Engine) -> None:
    """Read the table again on the next use: for the process that changed it."""
    _known.pop(engine, None)
