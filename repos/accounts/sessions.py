"""sessions: who is signed in, until when. Only the hash of a token is stored: the rows open no door."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from domain.accounts import SessionExpired, SessionRevoked, UnknownSession
from repos.accounts.users import display_name
from repos.database.session import Session
from repos.schema.account_tables import sessions
from repos.schema.core_tables import users

TOKEN_BYTES = 32


class SignInRow(NamedTuple):
    """A signed-in user; times are microseconds since 1970 UTC, `revoked_at` None while nobody ended it."""

    id: int
    user_id: int
    created_at: int
    seen_at: int
    expires_at: int
    revoked_at: int | None


class SignedInUser(NamedTuple):
    """Who holds a session: the user, and their name as the log shows it."""

    user_id: int
    name: str


class SignedIn(NamedTuple):
    """A new session. The token is nowhere else: who loses it signs in again."""

    id: int
    token: str


_COLUMNS = (
    sessions.c.id,
    sessions.c.user_id,
    sessions.c.created_at,
    sessions.c.seen_at,
    sessions.c.expires_at,
    sessions.c.revoked_at,
)
_ADD = insert(sessions).values(
    user_id=bindparam("user"),
    token_sha256=bindparam("token_hash"),
    created_at=bindparam("now"),
    seen_at=bindparam("now"),
    expires_at=bindparam("until"),
    revoked_at=None,
)
# A deleted user's session is one that was ended.
_FIND = (
    select(*_COLUMNS, users.c.deleted_at, users.c.name, users.c.email)
    .select_from(sessions.join(users))
    .where(sessions.c.token_sha256 == bindparam("token_hash"))
)
_HOLDER = select(sessions.c.user_id).where(sessions.c.token_sha256 == bindparam("token_hash"))
_LIST = (
    select(*_COLUMNS)
    .where(sessions.c.user_id == bindparam("user"), sessions.c.id > bindparam("after"))
    .order_by(sessions.c.id)
    .limit(bindparam("limit"))
)
_TOUCH = (
    update(sessions)
    .where(
        sessions.c.id == bindparam("session"),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > bindparam("now"),
    )
    .values(seen_at=bindparam("now"), expires_at=bindparam("until"))
)
_REVOKE = (
    update(sessions)
    .where(sessions.c.id == bindparam("session"), sessions.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)
_REVOKE_ALL = (
    update(sessions)
    .where(sessions.c.user_id == bindparam("user"), sessions.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)
_PRUNE = delete(sessions).where(sessions.c.expires_at < bindparam("before"))


class SignIns:
    """The sessions of all users."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, user_id: int, now: int, *, until: int) -> SignedIn:
        """Sign a user in until a moment; the session, with the token that only its holder will know."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        return SignedIn(self._session.insert(_ADD, user=user_id, token_hash=_hash(token), now=now, until=until), token)

    def require(self, token: str, now: int) -> SignInRow:
        """The session of a token, if it is good at this moment.

        Raises:
            UnknownSession, SessionRevoked, SessionExpired: it is not, and why.
        """
        return self._require(token, now)[0]

    def require_user(self, token: str, now: int) -> SignedInUser:
        """Who holds the session of a token, if it is good at this moment.

        Raises:
            UnknownSession, SessionRevoked, SessionExpired: it is not, and why.
        """
        row, name, email = self._require(token, now)
        return SignedInUser(row.user_id, display_name(name, email))

    def holder(self, token: str) -> int | None:
        """Whose session a token opens or once opened; None where there is no such session."""
        found = self._session.rows(_HOLDER, token_hash=_hash(token))
        return found[0][0] if found else None

    def touch(self, session_id: int, now: int, *, until: int) -> bool:
        """Note that a session was used, and let it last until a moment; whether it was still good."""
        return self._session.run(_TOUCH, session=session_id, now=now, until=until) == 1

    def read(self, user_id: int, *, after: int = 0, limit: int = 100) -> list[SignInRow]:
        """Sessions of a user behind an id, by id; those that ended too, until they are pruned."""
        return [SignInRow(*row) for row in self._session.rows(_LIST, user=user_id, after=after, limit=limit)]

    def revoke(self, session_id: int, now: int) -> bool:
        """End a session; whether it had not been ended before."""
        return self._session.run(_REVOKE, session=session_id, now=now) == 1

    def revoke_all(self, user_id: int, now: int) -> int:
        """End every session of a user; how many."""
        return self._session.run(_REVOKE_ALL, user=user_id, now=now)

    def prune(self, *, before: int) -> int:
        """Forget sessions that expired before a moment; how many."""
        return self._session.run(_PRUNE, before=before)

    def _require(self, token: str, now: int) -> tuple[SignInRow, str | None, str]:
        found = self._session.rows(_FIND, token_hash=_hash(token))
        if not found:
            raise UnknownSession
        *columns, user_deleted_at, name, email = found[0]
        row = SignInRow(*columns)
        if row.revoked_at is not None or user_deleted_at is not None:
            raise SessionRevoked
        if row.expires_at <= now:
            raise SessionExpired
        return row, name, email


def _hash(token: str) -> bytes:
    # 256 random bits need neither salt nor a slow hash.
    return sha256(token.encode(errors="surrogatepass")).digest()
