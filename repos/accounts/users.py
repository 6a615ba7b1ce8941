"""Table users: the owners of scripts. E-mail addresses are unique regardless of case, accents and width.

The row of a deleted user stays, because scripts and chat refer to it, but its address is free for another user.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from domain.accounts import EmailTaken, check_email, email_key
from repos.accounts.user_passwords import UserPasswords
from repos.database.driver_errors import DuplicateKey
from repos.database.session import Session
from repos.schema.core_tables import users

MAX_DISPLAY_NAME = 120

_CONTROL_CHARACTERS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")


class UserRow(NamedTuple):
    """A user; times are microseconds since 1970 UTC, `deleted_at` is None unless the user was deleted."""

    id: int
    email: str
    name: str | None
    created_at: int
    deleted_at: int | None


_COLUMNS = (users.c.id, users.c.email, users.c.name, users.c.created_at, users.c.deleted_at)
_THIS = (users.c.id == bindparam("user"), users.c.deleted_at.is_(None))
_ADD = insert(users).values(
    email=bindparam("email"),
    email_key=bindparam("email_key"),
    name=bindparam("name"),
    created_at=bindparam("now"),
    deleted_at=None,
)
_GET = select(*_COLUMNS).where(users.c.id == bindparam("user"))
_FIND = select(*_COLUMNS).where(users.c.email_key == bindparam("email_key"))
_LIST = (
    select(*_COLUMNS)
    .where(users.c.id > bindparam("after"), users.c.deleted_at.is_(None))
    .order_by(users.c.id)
    .limit(bindparam("limit"))
)
_LIST_ALL = select(*_COLUMNS).where(users.c.id > bindparam("after")).order_by(users.c.id).limit(bindparam("limit"))
# Locked, so that a password is never stored for a user whom another transaction deletes.
_LOCK = select(users.c.id).where(*_THIS).with_for_update()
_RENAME = update(users).where(*_THIS).values(name=bindparam("new"))
_MOVE = update(users).where(*_THIS).values(email=bindparam("new"), email_key=bindparam("new_key"))
_DELETE = (
    update(users)
    .where(*_THIS)
    # The key has no @, so it is never the key of an address.
    .values(deleted_at=bindparam("now"), email_key=bindparam("freed"))
)


def display_name(name: str | None, email: str) -> str:
    """The name the log shows for a user: the name or else the address, without control characters."""
    return (name or email).translate(_CONTROL_CHARACTERS)[:MAX_DISPLAY_NAME]


class Users:
    """The users."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._passwords = UserPasswords(session)

    def add(self, email: str, now: int, *, name: str | None = None, password: str | None = None) -> int:
        """Add a user; returns the new id.

        Raises:
            BadEmail: this is not an address.
            EmailTaken: another user has this address, in any spelling.
        """
        email = check_email(email)
        try:
            user_id = self._session.insert(_ADD, email=email, email_key=email_key(email), name=name, now=now)
        except DuplicateKey:
            raise EmailTaken(email=email) from None
        if password is not None:
            self._passwords.put(user_id, password)
        return user_id

    def get(self, user_id: int) -> UserRow | None:
        """A user, deleted or not."""
        rows = self._session.rows(_GET, user=user_id)
        return UserRow(*rows[0]) if rows else None

    def find(self, email: str) -> UserRow | None:
        """The user with this address, in any spelling; None if the user was deleted."""
        rows = self._session.rows(_FIND, email_key=email_key(email))
        return UserRow(*rows[0]) if rows and rows[0][4] is None else None

    def read(self, *, after: int = 0, limit: int = 100, deleted: bool = False) -> list[UserRow]:
        """Users after an id, by id; deleted users only with `deleted`."""
        rows = self._session.rows(_LIST_ALL if deleted else _LIST, after=after, limit=limit)
        return [UserRow(*row) for row in rows]

    def rename(self, user_id: int, name: str | None) -> bool:
        """Change a user's name; returns whether the user exists."""
        return self._session.run(_RENAME, user=user_id, new=name) == 1

    def move(self, user_id: int, email: str) -> bool:
        """Change a user's address; returns whether the user exists.

        Raises:
            BadEmail, EmailTaken: as for `add`.
        """
        email = check_email(email)
        try:
            return self._session.run(_MOVE, user=user_id, new=email, new_key=email_key(email)) == 1
        except DuplicateKey:
            raise EmailTaken(email=email) from None

    def password(self, user_id: int) -> str | None:
        """The password hash as the application stored it; None if there is none."""
        return self._passwords.get(user_id)

    def set_password(self, user_id: int, hashed: str | None) -> bool:
        """Store a password hash, in any format the application reads; returns whether the user exists."""
        if not self._session.rows(_LOCK, user=user_id):
            return False
        self._passwords.put(user_id, hashed)
        return True

    def delete(self, user_id: int, now: int) -> bool:
        """Delete a user: the row stays, the address becomes free. Returns whether there was a user to delete."""
        existed = self._session.run(_DELETE, user=user_id, now=now, freed=f"deleted:{user_id}") == 1
        if existed:
            self._passwords.put(user_id, None)
        return existed
