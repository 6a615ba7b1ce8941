"""Log rows for accepted commands, and the head after them. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from domain.log.entry import LogEntry, chained, written_at
from domain.log.head import Head
from domain.log.version import KeyframeRow, VersionRow
from domain.submissions.submission import Submission, encode_cause, encode_command
from materialization.write_path.acceptance import Step


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
    weight = 0
    cause = encode_cause(submission.cause)
    occurred_at = now if submission.occurred_at is None else submission.occurred_at
    for index, step in applied:
        version = step.version
        if version is None:
            continue
        entry = LogEntry(
            script_id=submission.script_id,
            version=version.version,
            kind=step.command.kind(),
            payload=encode_command(step.command),
            author=submission.author,
            actor=submission.actor,
            base_version=submission.base_version,
            cause=cause,
            submission_id=submission.submission_id,
            submission_index=index,
            occurred_at=occurred_at,
            recorded_at=now,
        )
        entry = chained(entry, head.chain_hash)
        entries.append(entry)
        versions.append(version)
        weight += len(entry.payload) + len(cause) + len(version.delta)
        head = replace(
            head,
            version=version.version,
            chain_hash=entry.chain_hash,
            state_hash=version.state_hash,
            delta_bytes=head.delta_bytes + len(version.delta),
            updated_at=written_at(submission.author, occurred_at, now),
        )
        if (keyframe := step.keyframe) is not None:
            keyframes.append(keyframe)
            weight += len(keyframe.state)
            head = replace(head, keyframe_version=head.version, keyframe_bytes=len(keyframe.state), delta_bytes=0)
    return LogRows(head, entries, versions, keyframes, weight)
