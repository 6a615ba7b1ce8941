"""An index of keys in sixteen bytes an entry: a million users or scripts fit into a few megabytes."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from uuid import UUID

from domain.script.validation import EXACT

UUID_BYTES = 16


def number_of(*key: Any) -> int:
    """A key as one number of 63 bits: an integer, or digits that are one, as it is; anything else as a hash."""
    if len(key) == 1:
        value = key[0] if isinstance(key[0], int) else _whole(key[0])
        if value is not None and -(1 << 62) < value < 1 << 62:
            return value
        # A larger number is not the same key as the text of its digits.
        key = key if value is None else ("", value)
    data = "\0".join(map(str, key)).encode(errors="surrogateescape")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big") >> 2 | 1 << 62


def _whole(value: Any) -> int | None:
    """The integer that a decimal or a text of digits is the key of, as when its row is brought over."""
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and abs(value) < EXACT and value == value.to_integral_value() else None
    is_digits = isinstance(value, str) and 0 < len(value) < 16 and value.isascii() and value.isdigit()
    return int(value) if is_digits and (value[0] != "0" or value == "0") else None


def folded_number(key: Any) -> int | None:
    """The number of a key without its case and the blanks around it, a UUID in bytes as text; None if it is a number.

    None as well for other bytes.
    """
    if isinstance(key, bytes) and len(key) == UUID_BYTES:
        key = str(UUID(bytes=key))
    if not isinstance(key, str) or _whole(key) is not None:
        return None
    return number_of(key.strip().casefold())


class KeyIndex:
    """Numbers of keys, each with a value; sorted when it is first asked."""

    def __init__(self) -> None:
        self._keys = array("q")
        self._values = array("q")
        self._sorted = True

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: int, value: int = 0) -> None:
        """Add an entry; a key may have several."""
        if self._sorted and self._keys and key < self._keys[-1]:
            self._sorted = False
        self._keys.append(key)
        self._values.append(value)

    def place(self, key: int) -> int | None:
        """Where the first entry of a key is, from 0."""
        self._sort()
        place = bisect_left(self._keys, key)
        return place if place < len(self._keys) and self._keys[place] == key else None

    def get(self, key: int) -> int | None:
        """The value of the first entry of a key."""
        place = self.place(key)
        return None if place is None else self._values[place]

    def __contains__(self, key: int) -> bool:
        return self.place(key) is not None

    def keys(self) -> array[int]:
        """The keys, sorted."""
        self._sort()
        return self._keys

    def values(self) -> array[int]:
        """The values in the order of the keys."""
        self._sort()
        return self._values

    def groups(self) -> Iterator[list[int]]:
        """The values of each key that has several entries."""
        self._sort()
        start, size = 0, len(self._keys)
        while start < size:
            end = start + 1
            while end < size and self._keys[end] == self._keys[start]:
                end += 1
            if end - start > 1:
                yield list(self._values[start:end])
            start = end

    def dump(self) -> list[bytes]:
        """Its entries as bytes."""
        return [self._keys.tobytes(), self._values.tobytes()]

    def load(self, parts: list[bytes]) -> None:
        """Take over the entries of a dump."""
        self._keys, self._values = (array("q", part) for part in parts)
        self._sorted = False

    def _sort(self) -> None:
        if self._sorted:
            return
        order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        self._values = array("q", map(self._values.__getitem__, order))
        self._keys = array("q", map(self._keys.__getitem__, order))
        self._sorted = True
