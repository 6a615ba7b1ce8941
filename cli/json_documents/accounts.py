"""JSON documents of the verbs for users and their sessions."""

from __future__ import annotations

from typing import Literal

from cli.json_documents.base import Document


class User(Document, frozen=True):
    """A user."""

    user: int
    email: str
    name: str | None
    created_at: str
    deleted_at: str | None


class Users(Document, frozen=True):
    """Users; `next` is the value of `--after` for the next page."""

    users: list[User]
    next: int | None


class SignedIn(Document, frozen=True):
    """A session with its token, which is shown only here."""

    session: int
    token: str
    expires_at: str


class SignIn(Document, frozen=True):
    """A session."""

    session: int
    user: int
    state: Literal["open", "expired", "ended"]
    created_at: str
    seen_at: str
    expires_at: str


class SignIns(Document, frozen=True):
    """Sessions; `next` is the value of `--after` for the next page."""

    sessions: list[SignIn]
    next: int | None


class SignedOut(Document, frozen=True):
    """How many sessions were ended."""

    ended: int
