"""Log entry: one command with its columns, chained to the entry before."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from domain.script.hashing import chain_hash, chain_hash_in_parts, netstrings

# The columns of a command with a larger payload are hashed one by one, not joined.
MAX_JOINED_BYTES = 1 << 20


class LogEntry(Struct, frozen=True):
    """One row of the log. Payload and cause are the stored JSON bytes; times are microseconds since 1970 UTC."""

    script_id: int
    version: int
    kind: str
    payload: bytes
    author: str
    actor: str
    base_version: int
    cause: bytes
    submission_id: str
    submission_index: int
    occurred_at: int
    recorded_at: int
    chain_hash: bytes = b""


def written_at(author: str, occurred_at: int, recorded_at: int) -> int:
    """When a version counts as written: by our clock, or for a backfilled version at the time of its legacy row."""
    return occurred_at if author == "backfill" else recorded_at


def chained(entry: LogEntry, previous: bytes) -> LogEntry:
    """Return the entry with its chain hash, computed from the previous hash and every other column."""
    if len(entry.payload) > MAX_JOINED_BYTES:
        return replace(entry, chain_hash=chain_hash_in_parts(previous, map(_as_bytes, columns(entry))))
    return replace(entry, chain_hash=chain_hash(previous, covered(entry)))


def link(entry: LogEntry, previous: bytes) -> bytes:
    """The chain hash of an entry that follows the hash `previous`."""
    return chain_hash(previous, covered(entry))


def covered(entry: LogEntry) -> bytes:
    """The bytes of an entry that its chain hash covers: every column but the chain hash, in stored order."""
    # Written out in the order of `columns`, with a number measured as text and formatted in place: for every command
    # that is twice as fast as a loop over the columns.
    script, version, base = entry.script_id, entry.version, entry.base_version
    index, occurred, recorded = entry.submission_index, entry.occurred_at, entry.recorded_at
    payload, cause = entry.payload, entry.cause
    try:
        kind, author, actor = entry.kind.encode(), entry.author.encode(), entry.actor.encode()
        submission = entry.submission_id.encode()
        return b"%d:%d,%d:%d,%d:%b,%d:%b,%d:%b,%d:%b,%d:%d,%d:%b,%d:%b,%d:%d,%d:%d,%d:%d," % (
            *(len(str(script)), script, len(str(version)), version, len(kind), kind, len(payload), payload),
            *(len(author), author, len(actor), actor, len(str(base)), base, len(cause), cause),
            *(len(submission), submission, len(str(index)), index),
            *(len(str(occurred)), occurred, len(str(recorded)), recorded),
        )
    except (AttributeError, TypeError):
        return _of_any_type(entry)


def columns(entry: LogEntry) -> tuple[int | str | bytes, ...]:
    """Every column but the chain hash, in stored order."""
    return (
        entry.script_id,
        entry.version,
        entry.kind,
        entry.payload,
        entry.author,
        entry.actor,
        entry.base_version,
        entry.cause,
        entry.submission_id,
        entry.submission_index,
        entry.occurred_at,
        entry.recorded_at,
    )


def _of_any_type(entry: LogEntry) -> bytes:
    """The covered bytes of a row with unexpected column types, as after a manual change: SQLite takes any value."""
    return netstrings(map(_as_bytes, columns(entry)))


def _as_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
