"""Checkpoints: the key of the last row that was done, as bytes, from which reading continues."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from repos.legacy.connection import Row

_TEXT, _BYTES, _DECIMAL, _OTHER = range(4)


def encode_key(key: Row) -> bytes:
    """A key of any column types, also of text that is not Unicode."""
    return msgspec.msgpack.encode([_tagged(value) for value in key])


def decode_key(data: bytes) -> Row | None:
    """The key in a checkpoint; None if there is none yet."""
    return tuple(_untagged(*pair) for pair in msgspec.msgpack.decode(data)) if data else None


def _tagged(value: Any) -> tuple[int, Any]:
    if isinstance(value, str):
        return _TEXT, value.encode(errors="surrogateescape")
    if isinstance(value, Decimal):
        return _DECIMAL, str(value)
    return (_BYTES if isinstance(value, bytes) else _OTHER), value


def _untagged(tag: int, value: Any) -> Any:
    if tag == _TEXT:
        return value.decode(errors="surrogateescape")
    return Decimal(value) if tag == _DECIMAL else value
