"""Hashes of lines, states and the log: stable for ever, and the same in every programming language.

Everything hashed is first written as *netstrings* (``<length in bytes>:<bytes>,``) after a tag that names its type,
so no two different values have the same bytes. There is no Unicode normalisation: text is hashed as typed.

* `expect` guards an edit: the first 12 hex digits of the SHA-256 over a line's format, text, sep and attrs.
* the state hash is a sum modulo 2^128 of one term per line, neighbourhood, story element, persona and metadata
  field, so one command changes it in time proportional to the change.
* the chain hash of a command covers the chain hash before it and every other column of its row.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from domain.script.line import Attr, Line

STATE_MODULUS = 1 << 128
EXPECT_DIGITS = 12
# The chain hash before the first command of a script.
GENESIS = bytes(32)

_canonical = msgspec.json.Encoder(order="sorted")
# The line that was hashed last, its canonical bytes, and its term once it was computed: a keystroke needs the hash and
# the term of the old line, and the next keystroke needs those of the new one.
_latest: tuple[Line | None, bytes, int | None] = (None, b"", None)


def netstrings(parts: Iterable[bytes]) -> bytes:
    """Concatenate byte strings so that the boundaries between them are unambiguous."""
    measured = [value for part in parts for value in (len(part), part)]
    return b"%d:%b," * (len(measured) // 2) % tuple(measured)


def canonical_json(value: Any) -> bytes:
    """JSON bytes with sorted keys and no white space; every field of a struct, including its defaults.

    On the wire, defaults are omitted by identity, so two equal structs can be encoded differently.
    """
    return _canonical.encode(asdict(value) if isinstance(value, Struct) else value)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal and have equal hashes: Python's == takes True for 1 and 1 for 1.0."""
    return one is other or (one == other and canonical_json(one) == canonical_json(other))


def line_bytes(line: Line) -> bytes:
    """The canonical bytes of a line's content: tag, format, text, sep, then each attribute in key order."""
    text, sep = line.text, line.sep
    if sep == "\n" and not line.attrs and text.isascii():
        # Most lines: as text, which is faster to format than bytes.
        return f"{_of_plain_format(line.format)}{len(text)}:{text},1:\n,".encode()
    return _any_line_bytes(line)


def _any_line_bytes(line: Line) -> bytes:
    text, sep = line.text.encode(), line.sep
    end = b"1:\n," if sep == "\n" else netstrings((sep.encode(),))
    fixed = b"%b%d:%b,%b" % (_of_format(line.format), len(text), text, end)
    if not line.attrs:
        return fixed
    pairs = sorted(line.attrs.items())
    return fixed + netstrings(part for key, value in pairs for part in (key.encode(), _attr_bytes(value)))


@lru_cache(maxsize=64)
def _of_format(form: str) -> bytes:
    return b"line.1:" + netstrings((form.encode(),))


@lru_cache(maxsize=64)
def _of_plain_format(form: str) -> str:
    return _of_format(form).decode()


def expect_hash(line: Line) -> str:
    """The 12 hex digits with which a command names the content of the line it was made for."""
    global _latest  # noqa: PLW0603 - a cache that no caller can observe
    latest, data, _ = _latest
    if latest is not line:
        data = line_bytes(line)
        _latest = line, data, None
    return sha256(data).hexdigest()[:EXPECT_DIGITS]


def expect_hash_of(kind: str, content: Any) -> str:
    """The same guard for a story element or a persona, as canonical JSON after its kind."""
    return sha256(netstrings((kind.encode(), canonical_json(content)))).hexdigest()[:EXPECT_DIGITS]


def line_term(line: Line) -> int:
    """The term of one line in the state hash."""
    global _latest  # noqa: PLW0603 - a cache that no caller can observe
    latest, data, term = _latest
    if latest is not line:
        data = line_bytes(line)
    elif term is not None:
        return term
    name = line.id.encode()
    term = _term(b"%d:%b,%b" % (len(name), name, data))
    _latest = line, data, term
    return term


def neighbour_term(before: str, after: str) -> int:
    """The term of one pair of neighbouring line ids in the state hash; the empty id is either end of the script."""
    first, second = before.encode(), after.encode()
    return _term(b"next.1:%d:%b,%d:%b," % (len(first), first, len(second), second))


def named_term(kind: str, name: str, content: Any) -> int:
    """The term of one metadata field, story element or persona in the state hash."""
    return _term(netstrings((kind.encode(), name.encode(), canonical_json(content))))


def state_hash_bytes(total: int) -> bytes:
    """A state hash as the 16 bytes that are stored."""
    return total.to_bytes(16, "big")


def chain_hash(previous: bytes, covered: bytes) -> bytes:
    """32 bytes computed from the previous chain hash and this command's columns, the netstrings `covered`."""
    chain = sha256(b"chain.1:%b" % previous)
    chain.update(covered)
    return chain.digest()


def chain_hash_in_parts(previous: bytes, columns: Iterable[bytes]) -> bytes:
    """The same of the columns, which need no memory for a copy of a large one."""
    chain = sha256(b"chain.1:%b" % previous)
    for column in columns:
        chain.update(b"%d:" % len(column))
        chain.update(column)
        chain.update(b",")
    return chain.digest()


def _term(data: bytes) -> int:
    return int.from_bytes(sha256(data).digest()[:16], "big")


def _attr_bytes(value: Attr) -> bytes:
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return b"i%d" % value
    return b"s" + value.encode()
