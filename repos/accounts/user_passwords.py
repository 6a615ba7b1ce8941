"""Table user_passwords: the hashes of passwords, apart from the users so that few database accounts may read them.

A user without a password has no row, and so has a deleted one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import mysql, sqlite

from repos.database.session import Session
from repos.schema.core_tables import user_passwords

_THIS = user_passwords.c.user_id == bindparam("user")
_GET = select(user_passwords.c.password).where(_THIS)
_VALUES: dict[str, Any] = {"user_id": bindparam("user"), "password": bindparam("hashed")}
_PUT_MYSQL = mysql.insert(user_passwords).values(**_VALUES)
_PUT_SQLITE = sqlite.insert(user_passwords).values(**_VALUES)
_PUT: Final = {
    False: _PUT_MYSQL.on_duplicate_key_update(password=_PUT_MYSQL.inserted.password),
    True: _PUT_SQLITE.on_conflict_do_update(
        index_elements=["user_id"], set_={"password": _PUT_SQLITE.excluded.password}
    ),
}
_DELETE = delete(user_passwords).where(_THIS)


class UserPasswords:
    """The hashes of passwords, in any format the application reads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, user_id: int) -> str | None:
        """The hash of a user; None if there is none."""
        rows = self._session.rows(_GET, user=user_id)
        return rows[0][0] if rows else None

    def put(self, user_id: int, hashed: str | None) -> None:
        """Store the hash of a user who exists, or remove it."""
        if hashed is None:
            self._session.run(_DELETE, user=user_id)
        else:
            self._session.run(_PUT[self._session.is_sqlite], user=user_id, hashed=hashed)

    def put_later(self, user_id: int, hashed: str | None) -> None:
        """The same, with the commit."""
        if hashed is None:
            self._session.later(_DELETE, user=user_id)
        else:
            self._session.later(_PUT[self._session.is_sqlite], user=user_id, hashed=hashed)

    def add_later(self, hashes: Sequence[tuple[int, str]]) -> None:
        """Add the hashes of new users, with the commit."""
        self._session.later_insert(user_passwords, ("user_id", "password"), list(hashes))
