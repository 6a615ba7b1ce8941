"""History file format: a script with its whole history in JSON Lines.

Line 1 is the header: `format` ("scriptledger-history"), `format_version` (1), `script_id`, `versions`, `chain_hash` and
`state_hash` of the last one. Then each line is an object with one key: a `command`, in ascending order; an `answer` to
a submission; and last the `end`, which counts both. Payloads, causes and answers are the stored JSON as a string, byte
for byte, because hashes cover them; hashes are hex digits; times are microseconds since 1970 UTC. A reader refuses a
`format_version` it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from domain.errors import Corrupt, Rejected
from domain.log.entry import LogEntry
from domain.submissions.answer import Answer, encode_answer
from materialization.history.state_at import LogReader
from repos.submissions.answers import Answered, Answers

FORMAT_VERSION = 1


class BadHistoryFile(Rejected):
    """Line {line} of the history file: {problem}."""


class Header(Struct, frozen=True, forbid_unknown_fields=True):
    """The format of a file, and the version and hashes its commands must lead to."""

    format: Literal["scriptledger-history"]
    format_version: int
    script_id: int
    versions: int
    chain_hash: str
    state_hash: str


class ExportedCommand(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the log, with the state hash of the version it made."""

    version: int
    kind: str
    payload: str
    author: str
    actor: str
    base_version: int
    cause: str
    submission_id: str
    submission_index: int
    occurred_at: int
    recorded_at: int
    chain_hash: str
    state_hash: str

    def entry(self, script_id: int) -> LogEntry:
        """The row of the log."""
        return LogEntry(
            script_id=script_id,
            version=self.version,
            kind=self.kind,
            payload=self.payload.encode(),
            author=self.author,
            actor=self.actor,
            base_version=self.base_version,
            cause=self.cause.encode(),
            submission_id=self.submission_id,
            submission_index=self.submission_index,
            occurred_at=self.occurred_at,
            recorded_at=self.recorded_at,
            chain_hash=bytes.fromhex(self.chain_hash),
        )


class ExportedAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """An answer, with the hash of the submission it answers."""

    answer: str
    content_hash: str
    recorded_at: int


class End(Struct, frozen=True, forbid_unknown_fields=True):
    """The number of lines of each kind."""

    commands: int
    answers: int


class Record(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A line after the header: exactly one of these."""

    command: ExportedCommand | None = None
    answer: ExportedAnswer | None = None
    end: End | None = None


class ExportReader(LogReader, Protocol):
    """A unit of work that can read everything stored of a script, and all its answers."""

    @property
    def answers(self) -> Answers: ...


def export_history(tx: ExportReader, script_id: int) -> Iterator[bytes]:
    """The lines of the file, each with its line end, without edits made during the export.

    Raises:
        UnknownScript: there is no such script.
        Corrupt: its log has a hole.
    """
    head = tx.heads.require(script_id)
    yield _line(
        Header(
            "scriptledger-history",
            FORMAT_VERSION,
            script_id,
            head.version,
            head.chain_hash.hex(),
            head.state_hash.hex(),
        )
    )
    versions = tx.versions.read(script_id, generation=head.generation, upto=head.version)
    commands = answers = 0
    for entry, version in zip(tx.commands.read(script_id, upto=head.version), versions, strict=False):
        if not entry.version == version.version == commands + 1:
            break
        commands += 1
        yield _line(Record(command=_exported(entry, version.state_hash)))
    if commands != head.version:
        raise Corrupt(f"the log of script {script_id} has a hole at version {commands + 1}")
    for answered in tx.answers.read(script_id):
        if _known_at(head.version, answered.answer):
            answers += 1
            yield _line(Record(answer=_exported_answer(answered)))
    yield _line(Record(end=End(commands, answers)))


def _known_at(version: int, answer: Answer) -> bool:
    """Whether an answer names no version after this one."""
    return max(answer.last_version or 0, answer.rebased_over[1] if answer.rebased_over else 0) <= version


def _exported(entry: LogEntry, state_hash: bytes) -> ExportedCommand:
    return ExportedCommand(
        version=entry.version,
        kind=entry.kind,
        payload=entry.payload.decode(),
        author=entry.author,
        actor=entry.actor,
        base_version=entry.base_version,
        cause=entry.cause.decode(),
        submission_id=entry.submission_id,
        submission_index=entry.submission_index,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        chain_hash=entry.chain_hash.hex(),
        state_hash=state_hash.hex(),
    )


def _exported_answer(answered: Answered) -> ExportedAnswer:
    return ExportedAnswer(encode_answer(answered.answer).decode(), answered.content_hash.hex(), answered.recorded_at)


_encoder = msgspec.json.Encoder()


def _line(value: Struct) -> bytes:
    return _encoder.encode(value) + b"\n"
