"""Version and keyframe rows, as they are stored."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct


class KeyframeRow(NamedTuple):
    """A whole state as stored, with its expected hash."""

    version: int
    state: bytes
    state_hash: bytes


class VersionRow(Struct, frozen=True, gc=False):
    """One version: its delta as stored, the state hash after it, and how many lines the script then has."""

    version: int
    delta: bytes
    state_hash: bytes
    line_count: int
