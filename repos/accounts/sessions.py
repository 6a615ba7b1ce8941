"""Table sessions: who is signed in, and until when. Only hashes of tokens are stored, so the rows grant no access."""

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
    """A session of a user; times are microseconds since 1970 UTC, `revoked_at` is None unless it was revoked."""

    id: int
    user_id: int
    created_at: int
    seen_at: int
    expires_at: int
    revoked_at: int | None


class SignedInUser(NamedTuple):
    """The user of a session, with the name the log shows."""

    user_id: int
    name: str


class SignedIn(NamedTuple):
    """A new session. The token is stored nowhere else: a user who loses it must sign in again."""

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
# The session of a deleted user counts as revoked.
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
        """Sign a user in until `until`; returns the session and its token, which only the user gets."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        return SignedIn(
            self._session.insert(_ADD, user=user_id, token_hash=token_hash(token), now=now, until=until), token
        )

    def require(self, token: str, now: int) -> SignInRow:
        """The session of a token, if it is valid at `now`.

        Raises:
            UnknownSession, SessionRevoked, SessionExpired: it is not valid.
        """
        return self._require(token, now)[0]

    def require_user(self, token: str, now: int) -> SignedInUser:
        """The user of a token's session, if it is valid at `now`.

        Raises:
            UnknownSession, SessionRevoked, SessionExpired: it is not valid.
        """
        row, name, email = self._require(token, now)
        return SignedInUser(row.user_id, display_name(name, email))

    def holder(self, token: str) -> int | None:
        """The id of the user of a token's session, valid or not; None if the session does not exist."""
        rows = self._session.rows(_HOLDER, token_hash=token_hash(token))
        return rows[0][0] if rows else None

    def touch(self, session_id: int, now: int, *, until: int) -> bool:
        """Record that a session was used and extend it to `until`; returns whether it was still valid."""
        return self._session.run(_TOUCH, session=session_id, now=now, until=until) == 1

    def read(self, user_id: int, *, after: int = 0, limit: int = 100) -> list[SignInRow]:
        """Sessions of a user after an id, by id; includes ended sessions until they are pruned."""
        return [SignInRow(*row) for row in self._session.rows(_LIST, user=user_id, after=after, limit=limit)]

    def revoke(self, session_id: int, now: int) -> bool:
        """Revoke a session; returns False if it was revoked before."""
        return self._session.run(_REVOKE, session=session_id, now=now) == 1

    def revoke_all(self, user_id: int, now: int) -> int:
        """Revoke every session of a user; returns how many."""
        return self._session.run(_REVOKE_ALL, user=user_id, now=now)

    def prune(self, *, before: int) -> int:
        """Delete sessions that expired before a time; returns how many."""
        return self._session.run(_PRUNE, before=before)

    def _require(self, token: str, now: int) -> tuple[SignInRow, str | None, str]:
        rows = self._session.rows(_FIND, token_hash=token_hash(token))
        if not rows:
            raise UnknownSession
        *columns, user_deleted_at, name, email = rows[0]
        row = SignInRow(*columns)
        if row.revoked_at is not None or user_deleted_at is not None:
            raise SessionRevoked
        if row.expires_at <= now:
            raise SessionExpired
        return row, name, email


def token_hash(token: str) -> bytes:
    """The hash that a session is found by."""
    # A token of 256 random bits needs neither a salt nor a slow hash.
    return sha256(token.encode(errors="surrogatepass")).digest()
