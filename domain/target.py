"""A target: one line among several that a command touches."""

from __future__ import annotations

from msgspec import Struct


class Target(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A line and the content hash it is touched for, as ``["id", "expect"]``."""

    id: str
    expect: str | None = None
