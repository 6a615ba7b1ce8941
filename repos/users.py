"""users: who owns scripts. An e-mail address is unique whatever its case, accents or width."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select

from repos.session import Session
from repos.tables import users


class UserRow(NamedTuple):
    """A user; times are microseconds since 1970 UTC, `deleted_at` None while the account lives."""

    id: int
    email: str
    created_at: int
    deleted_at: int | None


_COLUMNS = (users.c.id, users.c.email, users.c.created_at, users.c.deleted_at)
_ADD = insert(users).values(
    email=bindparam("email"), email_key=bindparam("email_key"), created_at=bindparam("now"), deleted_at=None
)
_GET = select(*_COLUMNS).where(users.c.id == bindparam("user"))
_FIND = select(*_COLUMNS).where(users.c.email_key == bindparam("email_key"))


class Users:
    """The users."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, email: str, now: int) -> int:
        """Add a user; the new id. DuplicateKey where the address is taken."""
        return self._session.insert(_ADD, email=email, email_key=email_key(email), now=now)

    def get(self, user_id: int) -> UserRow | None:
        found = self._session.rows(_GET, user=user_id)
        return UserRow(*found[0]) if found else None

    def find(self, email: str) -> UserRow | None:
        """The user with this address, however it is written."""
        found = self._session.rows(_FIND, email_key=email_key(email))
        return UserRow(*found[0]) if found else None


def email_key(email: str) -> str:
    """An address as it is compared: no case, no accents, no outer white space.

    Explicit rather than left to a collation, which differs from server to server.
    """
    plain = unicodedata.normalize("NFKD", email.strip())
    return "".join(character for character in plain if not unicodedata.combining(character)).casefold()
