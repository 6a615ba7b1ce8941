"""Users, sessions and chat in bulk, for the move of a legacy application: rows with their ids, many a statement.

Nothing is checked here but what the database checks, and no row is ever replaced: a key that is there already ends the
commit with `DuplicateKey`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, Table, bindparam, delete, func, insert, select, update

from domain.accounts import email_key
from repos.accounts.user_passwords import UserPasswords
from repos.database.session import Session
from repos.schema.account_tables import sessions
from repos.schema.core_tables import user_passwords, users

MAX_NAME = 200
MAX_PASSWORD = 500
IDS_PER_QUERY = 512


class UserRecord(NamedTuple):
    """A user with an id; times are microseconds since 1970 UTC. The address of a deleted user is free for another."""

    id: int
    email: str
    created_at: int
    deleted_at: int | None
    name: str | None
    password: str | None


class SessionRecord(NamedTuple):
    """A session with an id, and the hash of its token."""

    id: int
    user_id: int
    token_sha256: bytes
    created_at: int
    seen_at: int
    expires_at: int
    revoked_at: int | None


_USER_COLUMNS = ("id", "email", "email_key", "created_at", "deleted_at", "name")
_CHANGE_USER = (
    update(users)
    .where(users.c.id == bindparam("user"))
    .values({name: bindparam(f"new_{name}") for name in _USER_COLUMNS[1:]})
)
_CHANGE_SESSION = (
    update(sessions)
    .where(sessions.c.id == bindparam("session"))
    .values({name: bindparam(f"new_{name}") for name in SessionRecord._fields[1:]})
)
_TOKEN = select(sessions.c.id).where(sessions.c.token_sha256 == bindparam("token"))
_PLACEHOLDER = insert(users).values(id=bindparam("user"), email="", email_key=bindparam("reserved"), created_at=0)
_REMOVE = delete(users).where(users.c.id == bindparam("user"))


class BulkAccounts:
    """Users and sessions of a legacy application."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._passwords = UserPasswords(session)

    def add_users(self, records: Sequence[UserRecord]) -> None:
        """Add users, with the commit."""
        self._session.later_insert(users, _USER_COLUMNS, [_user_row(record) for record in records])
        self._passwords.add_later([(each.id, each.password) for each in records if each.password is not None])

    def change_user(self, record: UserRecord) -> None:
        """Replace every column of a user, with the commit."""
        new = {f"new_{name}": value for name, value in zip(_USER_COLUMNS[1:], _user_row(record)[1:], strict=True)}
        self._session.later(_CHANGE_USER, rows=1, user=record.id, **new)
        self._passwords.put_later(record.id, record.password)

    def get_users(self, ids: Iterable[int]) -> dict[int, UserRecord]:
        """The users with these ids."""
        found = {}
        for params in id_params(ids):
            for row in self._session.rows(_users_by_ids(len(params)), **params):
                found[row[0]] = UserRecord(*row)
        return found

    def highest_user(self) -> int:
        """The highest id of a user; 0 if there is none."""
        return self._highest(users)

    def leave_user_ids(self, highest: int) -> None:
        """Give no new user an id up to this one, which other legacy rows may name.

        A row is inserted and removed, because both databases count on after the highest id that there ever was.
        """
        if self.highest_user() < highest:
            self._session.run(_PLACEHOLDER, user=highest, reserved=f"reserved:{highest}")
            self._session.run(_REMOVE, user=highest)

    def add_sessions(self, records: Sequence[SessionRecord]) -> None:
        """Add sessions, with the commit."""
        self._session.later_insert(sessions, SessionRecord._fields, list(records))

    def change_session(self, record: SessionRecord) -> None:
        """Replace every column of a session, with the commit."""
        new = {f"new_{name}": value for name, value in record._asdict().items() if name != "id"}
        self._session.later(_CHANGE_SESSION, rows=1, session=record.id, **new)

    def get_sessions(self, ids: Iterable[int]) -> dict[int, SessionRecord]:
        """The sessions with these ids."""
        return {row[0]: SessionRecord(row[0], row[1], bytes(row[2]), *row[3:]) for row in self._rows(sessions, ids)}

    def has_token(self, token_sha256: bytes) -> bool:
        """Whether a session has a token with this hash."""
        return bool(self._session.rows(_TOKEN, token=token_sha256))

    def highest_session(self) -> int:
        """The highest id of a session; 0 if there is none."""
        return self._highest(sessions)

    def _highest(self, table: Table) -> int:
        return int(self._session.rows(_highest(table))[0][0] or 0)

    def _rows(self, table: Table, ids: Iterable[int]) -> Iterable[tuple[Any, ...]]:
        for params in id_params(ids):
            yield from self._session.rows(_by_ids(table, len(params)), **params)


def id_params(ids: Iterable[int]) -> Iterator[dict[str, int]]:
    """Ids as the parameters of statements; padded to a power of two, so that few statements are built."""
    wanted = list(ids)
    for start in range(0, len(wanted), IDS_PER_QUERY):
        part = wanted[start : start + IDS_PER_QUERY]
        part += part[-1:] * ((1 << (len(part) - 1).bit_length()) - len(part))
        yield {f"id_{place}": number for place, number in enumerate(part)}


def id_marks(size: int) -> list[Any]:
    """The parameters of `id_params` in a statement."""
    return [bindparam(f"id_{place}") for place in range(size)]


@cache
def _highest(table: Table) -> Select[Any]:
    return select(func.max(table.c.id))


@cache
def _by_ids(table: Table, size: int) -> Select[Any]:
    return select(*table.c).where(table.c.id.in_(id_marks(size)))


@cache
def _users_by_ids(size: int) -> Select[Any]:
    columns = (*(users.c[name] for name in UserRecord._fields[:-1]), user_passwords.c.password)
    with_password = users.outerjoin(user_passwords, user_passwords.c.user_id == users.c.id)
    return select(*columns).select_from(with_password).where(users.c.id.in_(id_marks(size)))


def _user_row(record: UserRecord) -> tuple[Any, ...]:
    number, email, created_at, deleted_at, name, _ = record
    # The key of a deleted user has no @, so it is never the key of an address.
    key = email_key(email) if deleted_at is None else f"deleted:{number}"
    return number, email, key, created_at, deleted_at, name
