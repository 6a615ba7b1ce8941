"""Access by user name and password (HTTP Basic), protected against guessing; Flower has one such user.

The response to a wrong password is delayed, longer after each. The number of delayed responses is limited, per address
and in total; beyond it, requests are refused unread. The right password is answered at once.
"""

from __future__ import annotations

import hmac
import secrets
import time
import unicodedata
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from msgspec import Struct

FIRST_DELAY_SECONDS = 0.1
MAX_DELAY_SECONDS = 1.0
MAX_WAITING = 64
MAX_WAITING_AN_ADDRESS = 4
MAX_ADDRESSES = 1_000
FORGET_SECONDS = 900.0
# This many failures in total count as one from an address.
FAILURES_A_STEP = 10


class _Tries(Struct):
    failures: int = 0
    last: float = 0.0
    waiting: int = 0


class PasswordAccess:
    """The users with their passwords, as `name:password`, and the failures of each address and of all."""

    def __init__(self, users: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._key = secrets.token_bytes()
        self._wanted = {
            self._digest(words.encode(errors="surrogateescape")): words.partition(":")[0] for words in users
        }
        self._clock = clock
        self._all = _Tries()
        self._addresses: OrderedDict[str, _Tries] = OrderedDict()

    def user_of(self, header: str) -> str | None:
        """The user whose name and password an Authorization header holds; None if they are not right."""
        given = credentials(header)
        digest = b"" if given is None else self._digest(given)
        found = None
        # Every digest is compared, so that the duration does not reveal which one it was.
        for wanted, user in self._wanted.items():
            if hmac.compare_digest(digest, wanted):
                found = user
        return found

    def is_full(self, address: str) -> bool:
        """Whether too many wrong passwords wait for their responses; then no other is checked."""
        tries = self._addresses.get(address)
        return self._all.waiting >= MAX_WAITING or (tries is not None and tries.waiting >= MAX_WAITING_AN_ADDRESS)

    @contextmanager
    def failed(self, address: str) -> Iterator[tuple[int, float]]:
        """Count a wrong password until its response; yields the failures of the address and the delay."""
        tries = self._tries(address)
        for counter in (tries, self._all):
            self._count(counter)
        steps = max(tries.failures, self._all.failures // FAILURES_A_STEP) - 1
        try:
            yield tries.failures, min(FIRST_DELAY_SECONDS * 2 ** min(steps, 10), MAX_DELAY_SECONDS)
        finally:
            for counter in (tries, self._all):
                counter.waiting -= 1

    def _digest(self, words: bytes) -> bytes:
        # Of fixed length, so that the duration of a comparison does not reveal the length either.
        return hmac.digest(self._key, _plain(words), "sha256")

    def _tries(self, address: str) -> _Tries:
        tries = self._addresses.pop(address, None) or _Tries()
        self._addresses[address] = tries
        if len(self._addresses) > MAX_ADDRESSES:
            self._addresses.popitem(last=False)
        return tries

    def _count(self, tries: _Tries) -> None:
        now = self._clock()
        if now - tries.last > FORGET_SECONDS:
            tries.failures = 0
        tries.failures += 1
        tries.last = now
        tries.waiting += 1


class FlowerAccess(PasswordAccess):
    """Access to Flower: one user."""

    def __init__(self, user: str, password: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__([f"{user}:{password}"], clock)

    def opens(self, header: str) -> bool:
        """Whether an Authorization header holds the user and the password."""
        return self.user_of(header) is not None


def credentials(header: str) -> bytes | None:
    """The user and password in an RFC 7617 header, in UTF-8; None where there are none."""
    kind, _, given = header.partition(" ")
    try:
        decoded = b64decode(given.strip(), validate=True)
    except ValueError:
        return None
    return decoded if kind.lower() == "basic" and b":" in decoded else None


def _plain(words: bytes) -> bytes:
    """Text normalized to NFC, as RFC 7617 requires: keyboards differ. Bytes that are not UTF-8 are unchanged."""
    try:
        return unicodedata.normalize("NFC", words.decode()).encode()
    except UnicodeDecodeError:
        return words
