"""The state of an interrupted scan: where it stopped among the saves, and what it had found there.

Everything but the saves is read again when a scan is resumed, which takes a small part of the time.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct, field

from backfill.mapping.model import Mapping
from backfill.scanning.finding import Decision, Finding, Loss
from domain.errors import Rejected
from domain.script.hashing import canonical_json

FORMAT = 2


class OtherScan(Rejected):
    """The state file is of a scan of another source or with another mapping: choose another file, or remove it."""


class UnreadableState(Rejected):
    """The state file is not one of a scan, or of another version of this program: choose another file."""


class ScanState(Struct, forbid_unknown_fields=True):
    """The state at the beginning of a script. `before` holds the states of the tables at the start of the scan."""

    format: int
    mapping: str
    hash_key: bytes
    before: dict[str, tuple[int, Any, int | None]] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)
    table: str = ""
    position: int | str | None = None
    counts: dict[str, dict[Decision, int]] = field(default_factory=dict)
    kept: list[Finding] = field(default_factory=list)
    saves_of: bytes = b""
    saves_by_day: dict[str, int] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    checks: dict[str, list[bytes]] = field(default_factory=dict)

    @classmethod
    def new(cls, mapping: Mapping, hash_key: bytes) -> ScanState:
        """The state before anything was read."""
        return cls(FORMAT, fingerprint(mapping), hash_key)

    def dump(self) -> bytes:
        """The bytes of a state file."""
        return msgspec.msgpack.encode(self)


def load_state(data: bytes, mapping: Mapping) -> ScanState:
    """The state in a file.

    Raises:
        UnreadableState, OtherScan.
    """
    try:
        state = msgspec.msgpack.decode(data, type=ScanState)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        raise UnreadableState from None
    if state.format != FORMAT:
        raise UnreadableState
    if state.mapping != fingerprint(mapping):
        raise OtherScan
    return state


def fingerprint(mapping: Mapping) -> str:
    """What must be the same when a scan is resumed: the source, its schema and the mapping."""
    return sha256(canonical_json(msgspec.to_builtins(mapping))).hexdigest()
