"""Refusals about users, sessions and permissions, which an application shows to signed-in people."""

from __future__ import annotations

import re
import unicodedata

from domain.errors import Rejected


class BadEmail(Rejected):
    """{email!r} is not an e-mail address."""


class EmailTaken(Rejected):
    """There is a user with the address {email!r} already, perhaps in another spelling."""


class UnknownUser(Rejected):
    """There is no user {user!r}."""


class UnknownSession(Rejected):
    """This session is unknown; sign in."""


class SessionExpired(Rejected):
    """This session has expired; sign in again."""


class SessionRevoked(Rejected):
    """This session was ended; sign in again."""


class NotYourScript(Rejected):
    """Script {script} belongs to another user."""


class AuthorReserved(Rejected):
    """A signed-in user cannot send as {author!r}."""


class AuthorNotAllowed(Rejected):
    """The database account {account} may send as {allowed}, not as {author}."""


class CauseReserved(Rejected):
    """A signed-in user cannot send {field}."""


class ScriptNumberNotYours(Rejected):
    """The number {script} was not given to you for a new script; get a number first."""


class UserDeleted(Rejected):
    """The account that sent this was deleted before it was applied."""


class UnknownChatMessage(Rejected):
    """There is no chat message {message} about script {script}."""


class UnknownRejection(Rejected):
    """There is no rejection {number}; perhaps it was pruned."""


class PayloadCut(Rejected):
    """Only the first {kept} of {size} bytes of rejection {number} were kept; it cannot be sent again."""


# An address has at most 64 characters before the @ and 255 after it.
# An expired session is listed for this long, and deleted then.
KEEP_SESSIONS_DAYS = 30
MAX_EMAIL = 320


# Only sending mail proves that a mailbox exists; this refuses what certainly is not an address.
_SHAPE = re.compile(r"[^\s@\x00-\x1f\x7f-\x9f\ud800-\udfff]+@[^\s@\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def check_email(email: str) -> str:
    """Return an address without outer white space.

    Raises:
        BadEmail: it is not an address.
    """
    stripped = email.strip()
    if len(stripped) > MAX_EMAIL or not _SHAPE.fullmatch(stripped):
        raise BadEmail(email=stripped[:80])
    # Other characters may become several.
    if not stripped.isascii() and len(email_key(stripped)) > MAX_EMAIL:
        raise BadEmail(email=stripped[:80])
    return stripped


def email_key(email: str) -> str:
    """Normalize an address for comparison: no case, no accents, no width, no outer white space.

    Explicit rather than left to a collation, which differs from server to server. Text longer than any address is
    returned unchanged, which equals no key: sorting a run of combining marks takes quadratic time.
    """
    stripped = email.strip()
    if len(stripped) > MAX_EMAIL:
        return stripped
    if stripped.isascii():
        return stripped.casefold()
    stripped = unicodedata.normalize("NFKD", stripped)
    return "".join(character for character in stripped if not unicodedata.combining(character)).casefold()
