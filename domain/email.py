"""E-mail addresses: what is one, and when two are the same."""

from __future__ import annotations

import re
import unicodedata

from domain.access import BadEmail

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
