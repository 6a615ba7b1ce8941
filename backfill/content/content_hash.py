"""Hashes by which applications keep texts: which algorithm one is of, and whether a text has it."""

from __future__ import annotations

import hashlib
from typing import Any

# Algorithms by the number of hexadecimal digits; anything else is an id.
ALGORITHMS = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
_DIGITS = frozenset("0123456789abcdef")


def digits(value: Any) -> str:
    """A hash as text: bytes in hexadecimal digits, without the name of the algorithm that may stand before it."""
    if isinstance(value, bytes):
        # Of the bytes of a hash, one in 2^128 has only bytes that are digits.
        is_text = value.isascii() and is_checked(value.decode())
        value = value.decode() if is_text else value.hex()
    return str(value).strip().lower().rpartition(":")[2]


def is_checked(value: Any) -> bool:
    """Whether a text can be compared with this hash."""
    text = digits(value)
    return len(text) in ALGORITHMS and _DIGITS.issuperset(text)


def spellings(value: Any) -> list[Any]:
    """How a table may hold a hash, as it is given first; anything that is no hash in one way only."""
    if not is_checked(value):
        return [value]
    text = digits(value)
    name = ALGORITHMS[len(text)]
    texts = [each for low in (text, f"{name}:{text}") for each in (low, low.upper())]
    texts.append(f"{name}:{text.upper()}")
    return [*dict.fromkeys([value, *texts, bytes.fromhex(text), *(each.encode() for each in texts)])]


def all_hashes(content: bytes) -> list[str]:
    """Every hash that a text may be kept by."""
    return [_hashed(name, data) for name in ALGORITHMS.values() for data in (content, _as_git(content))]


def has_hash(value: Any, content: bytes) -> bool:
    """Whether a text has this hash, computed of its bytes or as git does."""
    text = digits(value)
    algorithm = ALGORITHMS.get(len(text))
    if algorithm is None:
        return False
    return any(_hashed(algorithm, data) == text for data in (content, _as_git(content)))


def _as_git(content: bytes) -> bytes:
    return b"blob %d\0" % len(content) + content


def _hashed(algorithm: str, data: bytes) -> str:
    return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
