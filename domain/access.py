"""Who asks, and what they may: the refusals an application shows to people who sign in."""

from __future__ import annotations

from domain.errors import Rejected


class BadEmail(Rejected):
    """{email!r} is no e-mail address."""


class EmailTaken(Rejected):
    """There is a user with the address {email!r} already, perhaps in another spelling."""


class UnknownUser(Rejected):
    """There is no user {user!r}."""


class UnknownSession(Rejected):
    """This session is not known; sign in."""


class SessionExpired(Rejected):
    """This session has expired; sign in again."""


class SessionRevoked(Rejected):
    """This session was ended; sign in again."""


class NotYourScript(Rejected):
    """Script {script} belongs to another user."""


class AuthorReserved(Rejected):
    """Nobody who signs in sends as {author!r}."""


class CauseReserved(Rejected):
    """Nobody who signs in sends {field}."""


class ScriptNumberNotYours(Rejected):
    """The number {script} was not given to you for a new script; ask for a number first."""


class UserDeleted(Rejected):
    """The account that sent this was deleted before it was applied."""


class UnknownChatMessage(Rejected):
    """There is no chat message {message} about script {script}."""


class UnknownRejection(Rejected):
    """Nothing that was refused has the number {number}; perhaps it was pruned."""


class PayloadCut(Rejected):
    """Only the first {kept} of {size} bytes were kept of what was refused under {number}; it cannot be sent again."""
