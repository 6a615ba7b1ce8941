"""Import of a history file in one transaction: all of it or nothing.

The file is read twice: first without the database, so that a bad file locks nothing; then with the head of its script
locked, and what is written is what this second pass checks. Rows are sent in batches of bounded size, so neither the
file nor the history has to fit into memory, and none is visible before the commit. An existing script is never touched
unless its log is the beginning of the one in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from domain.errors import Rejected
from domain.log.entry import LogEntry, chained, written_at
from domain.log.head import KeyframePace
from domain.log.version import KeyframeRow, VersionRow
from domain.refusals import ScriptBeingBackfilled, ScriptQuarantined
from domain.script.hashing import GENESIS
from domain.script.keyframe import encode_keyframe
from domain.script.state import State, Value
from domain.submissions.answer import encode_rest
from materialization.history_files.check import Derived, HistoryFile, history_file
from materialization.retry import with_retries
from repos.locked_scripts import LockedScript
from repos.log.scripts import StoredScript
from repos.submissions.answers import Answered
from repos.unit_of_work import UnitOfWork

# Rows, and bytes of rows, gathered before they are sent; all in one transaction.
BATCH_ROWS = 1_000
BATCH_BYTES = 4 << 20
# How far the number of a script may exceed the highest one assigned here: one import may use up that many.
MAX_NUMBERS_AHEAD = 10_000_000


class AnotherScript(Rejected):
    """Script {script} already exists, at version {head}, and its log is not the beginning of the one in the file."""


class AnsweredOtherwise(Rejected):
    """Line {line} of the history file: submission {submission!r} to script {script} has another answer here."""


class ScriptNumberTooHigh(Rejected):
    """Script number {script} is more than {limit} above {highest}, the highest here; import it under a new number."""


class NumberOfAnother(Rejected):
    """Script number {script} is reserved for a future script of user {user}, who does not own the one in the file."""


class Imported(NamedTuple):
    """An imported script: its number of versions and answers, and of versions that existed before."""

    script_id: int
    versions: int
    answers: int
    before: int


def import_history(
    unit_of_work: UnitOfWork,
    path: Path,
    progress: Callable[[int], None] = lambda _: None,
    *,
    new_number: bool = False,
) -> Imported:
    """Import a script with its whole history, under the number it had or under a new one.

    Versions, keyframes and hashes stay the same; under a new number only the chain differs, because it covers the
    number. The owner is kept if that user exists. `progress` is called with the number of completed steps, two per
    version: one to check it and one to write it.

    Raises:
        BadHistoryFile, NotARegularFile: the file is not the whole history of a script that any ledger could hold.
        AnotherScript, AnsweredOtherwise: it contradicts what is stored here.
        ScriptNumberTooHigh, NumberOfAnother: the number leaves too few for others, or is reserved for another user.
        ScriptQuarantined, ScriptBeingBackfilled: the script takes no submissions now.
        TooLargeForDatabase: a row is too large for this database.
    """
    with history_file(path) as file:
        script_id = file.header.script_id
        if not new_number:
            _require_number(unit_of_work, script_id)
        for found in file.read():
            if isinstance(found, Derived):
                progress(found.version.version)
        if new_number:
            with unit_of_work.records() as records:
                script_id = records.script_ids.new()
        return with_retries(partial(_write, unit_of_work, file, script_id, progress))


def _require_number(unit_of_work: UnitOfWork, script_id: int) -> None:
    """Refuse a number that is too high, before anything is locked or read."""
    with unit_of_work.reading() as tx:
        if tx.heads.get(script_id) is None:
            _require_near(script_id, tx.script_ids.highest())


def _require_near(script_id: int, highest: int) -> None:
    if script_id > highest + MAX_NUMBERS_AHEAD:
        raise ScriptNumberTooHigh(script=script_id, highest=highest, limit=MAX_NUMBERS_AHEAD)


def _write(unit_of_work: UnitOfWork, file: HistoryFile, script_id: int, progress: Callable[[int], None]) -> Imported:
    versions = file.header.versions
    with unit_of_work.script(script_id, wait=True) as tx:
        before = tx.head.version
        if tx.head.health == "quarantined":
            raise ScriptQuarantined(script=script_id)
        if tx.head.health == "backfilling":
            raise ScriptBeingBackfilled(script=script_id)
        if before > versions:
            raise AnotherScript(script=script_id, head=before)
        if before == 0:
            _require_near(script_id, tx.script_ids.highest())
        tx.script_ids.reserve(script_id)
        log = _Log(tx)
        answers = _Answers(tx)
        for found in file.read():
            if isinstance(found, Derived):
                log.take(found)
                progress(versions + found.version.version)
            else:
                log.finish()
                answers.take(*found)
        answers.finish()
    return Imported(script_id, versions, answers.count, before)


class _Log:
    """Writes the versions of a file that are not stored yet, and the head after the last of them."""

    def __init__(self, tx: LockedScript) -> None:
        self._tx = tx
        self._head = tx.head
        self._pace = KeyframePace.after(tx.head)
        self._chain = GENESIS
        self._created_at = 0
        self._state = State.empty()
        self._entries: list[LogEntry] = []
        self._versions: list[VersionRow] = []
        self._keyframes: list[KeyframeRow] = []
        self._bytes = 0
        self._finished = False

    def take(self, derived: Derived) -> None:
        entry, version, state = derived
        tx = self._tx
        if entry.script_id != tx.script_id:
            entry = chained(replace(entry, script_id=tx.script_id), self._chain)
        self._chain = entry.chain_hash
        if entry.version == 1:
            self._created_at = written_at(entry.author, entry.occurred_at, entry.recorded_at)
            self._require_given(state.metadata.get("owner"))
        if entry.version <= tx.head.version:
            if entry.version == tx.head.version and entry.chain_hash != tx.head.chain_hash:
                raise AnotherScript(script=entry.script_id, head=tx.head.version)
            return
        tx.require_room("command", len(entry.payload))
        tx.require_room("cause", len(entry.cause))
        tx.require_room("change", len(version.delta))
        self._entries.append(entry)
        self._versions.append(version)
        self._bytes += len(entry.payload) + len(entry.cause) + len(version.delta)
        if self._pace.is_due(version):
            data = encode_keyframe(state)
            tx.require_room("whole script", len(data))
            self._keyframes.append(self._pace.restart(KeyframeRow(version.version, data, version.state_hash)))
            self._bytes += len(data)
        self._state = state
        if len(self._entries) >= BATCH_ROWS or self._bytes >= BATCH_BYTES:
            self._send()

    def finish(self) -> None:
        """Write the remaining rows, once, and advance the head."""
        if self._finished:
            return
        self._finished = True
        self._send()
        tx, head = self._tx, self._head
        if head.version == tx.head.version:
            return
        row = StoredScript.of(tx.script_id, self._state, self._created_at)
        if row.user_id is not None and not tx.scripts.owner_exists(row.user_id):
            row = row._replace(user_id=None)
        if tx.head.version:
            tx.scripts.project(row)
        else:
            tx.scripts.add(row)
        tx.heads.advance(head, tx.head.version)

    def _require_given(self, owner: Value | None) -> None:
        """Refuse a number that is reserved for another user."""
        script_id = self._tx.script_id
        given = None if self._tx.head.version else self._tx.script_ids.given(script_id)
        if given is not None and given.user_id not in (None, owner):
            raise NumberOfAnother(script=script_id, user=given.user_id)

    def _send(self) -> None:
        if not self._entries:
            return
        last = self._entries[-1]
        now = written_at(last.author, last.occurred_at, last.recorded_at)
        self._head = self._head.extended_by(self._versions, self._keyframes, last.chain_hash, now)
        self._tx.append(self._entries, self._versions, self._keyframes)
        self._tx.flush()
        self._entries, self._versions, self._keyframes, self._bytes = [], [], [], 0


class _Answers:
    """Writes the answers of a file that are not stored yet; both are in the order of their ids."""

    def __init__(self, tx: LockedScript) -> None:
        self.count = 0
        self._tx = tx
        self._here = self._read()
        self._next = next(self._here, None)
        self._rows: list[Answered] = []
        self._bytes = 0

    def take(self, line: int, answered: Answered) -> None:
        self.count += 1
        if answered.answer.script_id != self._tx.script_id:
            answered = replace(answered, answer=replace(answered.answer, script_id=self._tx.script_id))
        submission_id = answered.answer.submission_id
        while self._next is not None and self._next.answer.submission_id < submission_id:
            self._next = next(self._here, None)
        if self._next is not None and self._next.answer.submission_id == submission_id:
            if self._next != answered:
                raise AnsweredOtherwise(line=line, submission=submission_id, script=self._tx.script_id)
            return
        size = len(encode_rest(answered.answer))
        self._tx.require_room("answer", size)
        self._rows.append(answered)
        self._bytes += size
        if len(self._rows) >= BATCH_ROWS or self._bytes >= BATCH_BYTES:
            self.finish()

    def finish(self) -> None:
        """Write the remaining rows."""
        self._tx.submissions.put(self._rows)
        self._tx.flush()
        self._rows, self._bytes = [], 0

    def _read(self) -> Iterator[Answered]:
        return self._tx.answers.read(self._tx.script_id)
