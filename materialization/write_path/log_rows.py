"""Log rows for accepted commands, the head after them, and whether the database takes them. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from domain.log.entry import LogEntry, chained, written_at
from domain.log.head import Head
from domain.log.version import KeyframeRow, VersionRow
from domain.submissions.answer import Answer, encode_rest
from domain.submissions.submission import Submission, encode_cause, encode_command
from materialization.write_path.acceptance import Step
from repos.locked_scripts import LockedScript


class LogRows(Struct, frozen=True):
    """The rows a submission adds to a script, and the head after them. `weight` is the bytes of the large columns."""

    head: Head
    entries: list[LogEntry]
    versions: list[VersionRow]
    keyframes: list[KeyframeRow]
    weight: int


def build_log_rows(head: Head, submission: Submission, applied: Iterable[tuple[int, Step]], now: int) -> LogRows:
    """The log rows for the commands of a submission that change something, each given with its index."""
    entries: list[LogEntry] = []
    versions: list[VersionRow] = []
    keyframes: list[KeyframeRow] = []
    cause = encode_cause(submission.cause)
    occurred_at = now if submission.occurred_at is None else submission.occurred_at
    chain = head.chain_hash
    weight = 0
    for index, step in applied:
        version = step.version
        if version is None:
            continue
        payload = encode_command(step.command)
        entry = LogEntry(
            submission.script_id,
            version.version,
            step.command.kind(),
            payload,
            submission.author,
            submission.actor,
            submission.base_version,
            cause,
            submission.submission_id,
            index,
            occurred_at,
            now,
        )
        entry = chained(entry, chain)
        chain = entry.chain_hash
        entries.append(entry)
        versions.append(version)
        weight += len(payload) + len(cause) + len(version.delta)
        if (keyframe := step.keyframe) is not None:
            keyframes.append(keyframe)
            weight += len(keyframe.state)
    if versions:
        head = head.extended_by(versions, keyframes, chain, written_at(submission.author, occurred_at, now))
    return LogRows(head, entries, versions, keyframes, weight)


def require_room(tx: LockedScript, growth: LogRows, answer: Answer) -> None:
    """Refuse rows too large for the database: bytes are sent to it in hex.

    Raises:
        TooLargeForDatabase: one of them is.
    """
    if not growth.keyframes and answer.refusal is None and growth.weight <= tx.room.for_bytes:
        return  # All rows together are smaller than the limit of one.
    for entry in growth.entries:
        tx.require_room("command", len(entry.payload) + len(entry.cause))
    for version in growth.versions:
        tx.require_room("change", len(version.delta))
    for keyframe in growth.keyframes:
        tx.require_room("whole script", len(keyframe.state))
    if answer.refusal is not None:
        tx.require_room("answer", len(encode_rest(answer)))
