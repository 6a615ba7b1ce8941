"""Growth: the rows by which accepted commands lengthen a log, and the head they lead to. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from domain.entry import LogEntry, chained
from domain.head import Head
from domain.keyframe import encode_keyframe
from domain.state import State
from domain.submission import Submission, encode_cause, encode_command
from materialization.fold import Step, version_row
from repos.keyframes import KeyframeRow
from repos.versions import VersionRow


class Growth(Struct, frozen=True):
    """What a submission adds to a script, and the head behind it."""

    head: Head
    entries: list[LogEntry]
    versions: list[VersionRow]
    keyframes: list[KeyframeRow]

    def weight(self) -> int:
        """Its bytes, as far as they matter."""
        return (
            sum([len(entry.payload) + len(entry.cause) for entry in self.entries])
            + sum([len(version.delta) for version in self.versions])
            + sum([len(keyframe.state) for keyframe in self.keyframes])
        )


def grow(head: Head, submission: Submission, applied: Iterable[tuple[int, Step]], now: int) -> Growth:
    """The growth of a script by the commands of a submission that change something, each with its index."""
    entries: list[LogEntry] = []
    versions: list[VersionRow] = []
    keyframes: list[KeyframeRow] = []
    cause = encode_cause(submission.cause)
    occurred_at = now if submission.occurred_at is None else submission.occurred_at
    for index, step in applied:
        entry = LogEntry(
            script_id=submission.script_id,
            version=step.state.version,
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
        version = version_row(step)
        entries.append(entry)
        versions.append(version)
        head = replace(
            head,
            version=version.version,
            chain_hash=entry.chain_hash,
            state_hash=version.state_hash,
            delta_bytes=head.delta_bytes + len(version.delta),
            updated_at=now,
        )
        if head.wants_keyframe():
            head = _with_keyframe(head, step.state, keyframes)
    return Growth(head, entries, versions, keyframes)


def _with_keyframe(head: Head, state: State, keyframes: list[KeyframeRow]) -> Head:
    data = encode_keyframe(state)
    keyframes.append(KeyframeRow(head.version, data, head.state_hash))
    return replace(head, keyframe_version=head.version, keyframe_bytes=len(data), delta_bytes=0)
