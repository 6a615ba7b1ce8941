"""Who asks, and what they may: the refusals an application shows to people who sign in."""

from __future__ import annotations

import re
import unicodedata

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


MAX_EMAIL = 320
"""64 before the @, 255 behind it."""


# Whether a mailbox exists only a mail to it can tell; this refuses what is surely none.
_SHAPE = re.compile(r"[^\s@\x00-\x1f\x7f-\x9f\ud800-\udfff]+@[^\s@\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def check_email(email: str) -> str:
    """An address without outer white space.

    Raises:
        BadEmail: it is no address.
    """
    plain = email.strip()
    if len(plain) > MAX_EMAIL or not _SHAPE.fullmatch(plain) or len(email_key(plain)) > MAX_EMAIL:
        raise BadEmail(email=plain[:80])
    return plain


def email_key(email: str) -> str:
    """An address as it is compared: no case, no accents, no width, no outer white space.

    Explicit rather than left to a collation, which differs from server to server. What is longer than any address has
    no key: it is itself, which nobody's is. Sorting a run of combining marks takes the square of its length.
    """
    plain = email.strip()
    if len(plain) > MAX_EMAIL:
        return plain
    plain = unicodedata.normalize("NFKD", plain)
    return "".join(character for character in plain if not unicodedata.combining(character)).casefold()
