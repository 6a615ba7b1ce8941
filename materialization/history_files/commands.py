"""Check of a history file's commands: each passes the checks of a submission and leads to the hashes of its line."""

from __future__ import annotations

from typing import NamedTuple, cast

import msgspec
from msgspec import Struct

from domain.commands.base import Command
from domain.log.entry import LogEntry, link
from domain.log.version import VersionRow
from domain.script.hashing import GENESIS
from domain.script.json_values import MAX_VALUES, count_values
from domain.script.script_size import require_size
from domain.script.state import State
from domain.script.validation import EXACT
from domain.script.work_limit import WorkCount
from domain.submissions.submission import (
    AUTHORS,
    MAX_COMMANDS,
    MAX_SUBMISSION_BYTES,
    Author,
    Cause,
    Submission,
    check_submission,
    decode_command,
    encode_cause,
    encode_command,
)
from materialization.history.fold import refuse_frame
from materialization.history_files.answers import Settled
from materialization.history_files.format import ExportedCommand
from materialization.write_path.acceptance import Acceptance

# Bytes of the payloads of one submission; canonical numbers may be longer than those that were sent.
MAX_PAYLOADS = 4 * MAX_SUBMISSION_BYTES

_cause = msgspec.json.Decoder(Cause)


class Derived(NamedTuple):
    """A command of the file, the version it makes, and the state after it, valid until the next command."""

    entry: LogEntry
    version: VersionRow
    state: State


class _Sent(Struct):
    """The submission whose commands are being read."""

    entry: LogEntry
    start: State
    settled: Settled
    acceptance: Acceptance
    payload_bytes: int = 0

    @property
    def last_index(self) -> int:
        return self.settled.effects[-1][0] if self.settled.effects else -1


class CommandCheck:
    """Checks the commands of a file one by one, and refuses the first that no submission could have made.

    Every check raises ValueError or `Rejected`; the message names the problem.
    """

    def __init__(self, script_id: int) -> None:
        self.state = State.empty()
        self.chain = GENESIS
        self._script_id = script_id
        self._sent: _Sent | None = None

    def take(self, exported: ExportedCommand) -> tuple[Derived, Settled | None]:
        """Check the next command; also returns the submission that ended with the previous one, if one did."""
        entry = self._linked(exported)
        command = _command(entry)
        submission = _submission(entry, command)
        check_submission(submission)
        ended = None
        sent = self._sent
        if sent is None or entry.submission_id != sent.entry.submission_id:
            ended = self.finish()
            refuse_frame(submission, self.state)
            sent = self._sent = _begun(entry, self.state)
        version = _accepted(sent, entry, command)
        if version.state_hash.hex() != exported.state_hash:
            raise ValueError(f"version {entry.version} does not have the state hash it says")
        self.state, self.chain = sent.acceptance.state, entry.chain_hash
        return Derived(entry, version, self.state), ended

    def finish(self) -> Settled | None:
        """The submission of the last command."""
        sent, self._sent = self._sent, None
        if sent is None:
            return None
        self.state = sent.acceptance.finish()
        require_size(sent.start, self.state)
        return sent.settled

    def _linked(self, exported: ExportedCommand) -> LogEntry:
        """The log entry, checked against the chain."""
        if exported.version != self.state.version + 1:
            raise ValueError(f"version {exported.version} follows version {self.state.version}")
        entry = exported.entry(self._script_id)
        if link(entry, self.chain).hex() != exported.chain_hash:
            raise ValueError(
                f"command {exported.version} was changed, or follows another command than the one before it"
            )
        return entry


def _accepted(sent: _Sent, entry: LogEntry, command: Command) -> VersionRow:
    """The version a command leads to, as part of its submission."""
    _require_same_sender(sent, entry)
    if command.needs_head and entry.base_version != sent.start.version:
        raise ValueError(f"a {entry.kind} made for version {entry.base_version} meets {sent.start.version}")
    if entry.submission_index > sent.last_index + 1:
        # Earlier commands of the submission are not in the log, and may have touched the same objects.
        sent.acceptance.touch(command)
    step = sent.acceptance.accept(command)
    if step.version is None:
        raise ValueError(f"command {entry.version} changes nothing")
    sent.settled.effects.append((entry.submission_index, step.note))
    return step.version


def _begun(entry: LogEntry, start: State) -> _Sent:
    settled = Settled(entry.submission_id, entry.base_version, entry.version, entry.recorded_at, [])
    return _Sent(entry, start, settled, Acceptance(start, WorkCount()))


def _command(entry: LogEntry) -> Command:
    if len(entry.payload) > MAX_SUBMISSION_BYTES:
        raise ValueError(f"its payload has more than the {MAX_SUBMISSION_BYTES} bytes allowed")
    if count_values(entry.payload) > MAX_VALUES:
        raise ValueError(f"its payload holds more than the {MAX_VALUES} values allowed")
    try:
        command = decode_command(entry.payload)
        canonical = encode_command(command)
    except RecursionError:
        raise ValueError("its payload is nested too deep") from None
    if canonical != entry.payload:
        raise ValueError("its payload is not in canonical form")
    if command.kind() != entry.kind:
        raise ValueError(f"its kind is {entry.kind[:64]!r}, but its payload is a {command.kind()}")
    return command


def _submission(entry: LogEntry, command: Command) -> Submission:
    """The command as a submission of its own, for the checks of a submission."""
    if entry.author not in AUTHORS:
        raise ValueError(f"there is no author {entry.author[:64]!r}")
    if not 0 <= entry.recorded_at < EXACT:
        raise ValueError("recorded_at must be microseconds since 1970")
    if not 0 <= entry.submission_index < MAX_COMMANDS:
        raise ValueError(f"submission_index must be 0 or more, and below {MAX_COMMANDS}")
    try:
        cause = _cause.decode(entry.cause)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"its cause is not valid: {error}") from error
    if encode_cause(cause) != entry.cause:
        raise ValueError("its cause is not in canonical form")
    return Submission(
        script_id=entry.script_id,
        submission_id=entry.submission_id,
        author=cast("Author", entry.author),
        base_version=entry.base_version,
        commands=(command,),
        actor=entry.actor,
        cause=cause,
        occurred_at=entry.occurred_at,
    )


def _require_same_sender(sent: _Sent, entry: LogEntry) -> None:
    """Require the author, base, cause and times of the submission's first command, a later index and bounded size."""
    first = sent.entry
    if (entry.author, entry.actor, entry.base_version, entry.cause, entry.occurred_at, entry.recorded_at) != (
        *(first.author, first.actor, first.base_version, first.cause, first.occurred_at, first.recorded_at),
    ):
        raise ValueError(f"command {entry.version} differs from the others of submission {entry.submission_id!r}")
    if entry.submission_index <= sent.last_index:
        raise ValueError(f"submission_index {entry.submission_index} follows {sent.last_index}")
    sent.payload_bytes += len(entry.payload)
    if sent.payload_bytes > MAX_PAYLOADS:
        raise ValueError(f"submission {entry.submission_id!r} has more than the {MAX_PAYLOADS} bytes allowed")
    if len(entry.cause) * (len(sent.settled.effects) + 1) > MAX_SUBMISSION_BYTES:
        raise ValueError(f"the cause of submission {entry.submission_id!r} is too long to be stored with each command")
