"""Verification that the log is intact and that the stored versions follow from it.

One streaming pass over a script: version numbers are dense, each chain hash follows from the previous one and every
other column, each command applies and gives the stored delta and state hash, each keyframe is the state of its
version, and the head names the last of everything. Memory is one state and a page of rows, whatever the log's length.

It stores checkpoints as it goes. Continuing from one trusts what was verified before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from domain.counting import counted
from domain.errors import Conflict, Corrupt, LedgerError
from domain.log.head import MAX_DELTAS, Head
from domain.log.version import KeyframeRow, VersionRow
from domain.script.hashing import GENESIS, state_hash_bytes
from domain.script.keyframe import digest, is_keyframe_of
from domain.script.state import State, hash_from_scratch
from materialization.clock import system_clock
from materialization.history.command_chain import linked
from materialization.history.fold import Fold
from materialization.history.state_at import LogReader, load
from repos.integrity.verifications import Checkpoint

CHECKPOINT_EVERY = 10_000
# Versions between two progress reports.
PROGRESS_EVERY_VERSIONS = 500
MAX_READ_ATTEMPTS = 3


# What repairs a script: restoring its log from a backup, deriving its versions from the log again, or writing what
# readers see again.
Repair = Literal["restore", "rebuild", "project"]


class Finding(NamedTuple):
    """The first problem of a script, its version, and what repairs it. What is checked before it is right."""

    version: int
    problem: str
    repair: Repair


class Verification(NamedTuple):
    """How much was compared, and the first problem found, None if there is none.

    The counts include versions up to `after`, and their keyframes, compared by an earlier verification.
    """

    script_id: int
    versions: int
    keyframes: int
    finding: Finding | None
    after: int = 0


class _Contradiction(LedgerError):
    """Two stored values do not agree: what is derived from the log is wrong."""


class _WrongLog(LedgerError):
    """The log itself is wrong."""


Keep = Callable[[Checkpoint], object]


def verify(
    tx: LogReader,
    script_id: int,
    *,
    start: Checkpoint | None = None,
    keep: Keep = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> Verification:
    """Compare the log of a script, its versions, its keyframes and its head.

    Starts from a checkpoint if the script is still as it was there, else from the beginning. `keep` receives
    checkpoints, the last of them at the head; `progress` is called every 500 versions with the version compared.

    Raises:
        UnknownScript: there is no such script.
        Conflict: a database conflict prevented it.
    """
    head = _head_of(tx, script_id)
    for _ in range(MAX_READ_ATTEMPTS):
        found = _Pass(tx, head, keep, progress).verify(start)
        before, head = head, _head_of(tx, script_id)
        # A script that was rebuilt, or lost an unneeded keyframe, while it was read may look wrong without being so.
        if found.finding is None or head == before:
            break
    return found


def _head_of(tx: LogReader, script_id: int) -> Head:
    return tx.heads.require(script_id)


class _Pass:
    """One pass over a script, up to a head."""

    def __init__(self, tx: LogReader, head: Head, keep: Keep, progress: Callable[[int], None]) -> None:
        self._tx = tx
        self._head = head
        self._keep = keep
        self._progress = progress
        self._fold = Fold(State.empty())
        self._chain = GENESIS
        self._version = 0
        self._keyframes = 0

    def verify(self, start: Checkpoint | None) -> Verification:
        if start is not None:
            self._go_on_from(start)
        after = self._version
        try:
            self._compare_versions()
            _compare_head(self._head, self._fold.finish(), self._chain)
            _require_end(self._tx, self._head)
        except Conflict:
            raise  # a database conflict, not a problem of the script
        except LedgerError as error:
            version = min(self._version + 1, self._head.version)
            finding = Finding(version, str(error), "rebuild" if isinstance(error, _Contradiction) else "restore")
            return Verification(self._head.script_id, version, self._keyframes, finding, after)
        if self._version > after:
            self._leave_checkpoint()
        self._progress(self._version)
        return Verification(self._head.script_id, self._version, self._keyframes, None, after)

    def _compare_versions(self) -> None:
        """Compare every version with the result of its command; `_version`, `_chain` and `_fold` advance with it."""
        tx, head, after = self._tx, self._head, self._version
        commands = linked(tx.commands, head.script_id, self._chain, after=after, upto=head.version)
        versions = tx.versions.read(head.script_id, generation=head.generation, after=after, upto=head.version)
        keyframes = _Keyframes(tx, head, after)
        for version, command, chain in commands:
            derived, stored = self._fold.take(command), next(versions, None)
            if derived != stored:
                raise _difference(derived, stored)
            self._keyframes += keyframes.compare(self._fold.state)
            self._version, self._chain = version, chain
            if version % PROGRESS_EVERY_VERSIONS == 0:
                self._progress(version)
            if version % CHECKPOINT_EVERY == 0:
                self._leave_checkpoint()
        keyframes.require_no_more(head)

    def _go_on_from(self, start: Checkpoint) -> None:
        """Start at a checkpoint if the script is still as it was verified then."""
        head = self._head
        if start.generation != head.generation or not 0 < start.version <= head.version:
            return
        if self._tx.commands.chain_hash(head.script_id, start.version) != start.chain_hash:
            return
        try:
            state = load(self._tx, head, start.version)
        except Corrupt:
            return  # the pass from the beginning finds the first problem
        if digest(state) == start.state_digest:
            self._fold, self._version = Fold(state), start.version
            self._chain, self._keyframes = start.chain_hash, start.keyframes

    def _leave_checkpoint(self) -> None:
        head = self._head
        self._keep(
            Checkpoint(
                head.script_id,
                head.generation,
                self._version,
                self._chain,
                digest(self._fold.state),
                self._keyframes,
                system_clock(),
            )
        )


def _difference(derived: VersionRow, stored: VersionRow | None) -> _Contradiction:
    version = derived.version
    if stored is None or stored.version != version:
        return _Contradiction(f"version {version} is missing")
    if stored.delta != derived.delta:
        return _Contradiction(f"the delta of version {version} is not what its command gives")
    if stored.state_hash != derived.state_hash:
        return _Contradiction(f"the state hash of version {version} is not what its command gives")
    return _Contradiction(f"version {version} has {counted(derived.line_count, 'line')}, not {stored.line_count}")


def _compare_head(head: Head, state: State, chain: bytes) -> None:
    if head.chain_hash != chain:
        raise _WrongLog("the chain hash of the head is not that of its last command")
    if head.state_hash != state_hash_bytes(state.hash):
        raise _Contradiction("the state hash of the head is not that of its last version")
    if hash_from_scratch(state) != state.hash:
        raise _Contradiction("the incrementally computed state hash is not the hash of the whole state")


def _require_end(tx: LogReader, head: Head) -> None:
    # A command and its head are committed together: a command after an unmoved head was inserted from outside.
    if tx.commands.get(head.script_id, head.version + 1) is not None and tx.heads.get(head.script_id) == head:
        raise _WrongLog(f"command {head.version + 1} is after the head, which is at version {head.version}")


class _Keyframes:
    """The keyframes of a script, each compared when its version is reached."""

    def __init__(self, tx: LogReader, head: Head, after: int) -> None:
        self._rows = _every_keyframe(tx, head, after)
        self._next = next(self._rows, None)
        before = tx.keyframes.last(head.script_id, generation=head.generation, upto=after) if after else None
        self._last = before.version if before else 0

    def compare(self, state: State) -> int:
        """Compare the keyframe of this version, if it has one; returns how many were compared."""
        row = self._next
        if row is None or row.version != state.version:
            if state.version - self._last > MAX_DELTAS:
                raise _Contradiction(f"there is no keyframe among the versions {self._last + 1} to {state.version}")
            return 0
        if row.state_hash != state_hash_bytes(state.hash) or not _shows(row, state):
            raise _Contradiction(f"the keyframe of version {row.version} is not the state of that version")
        self._next = next(self._rows, None)
        self._last = row.version
        return 1

    def require_no_more(self, head: Head) -> None:
        """Require that the head names the last keyframe at or before it."""
        if self._last != head.keyframe_version:
            raise _Contradiction(
                f"the head names a keyframe of version {head.keyframe_version}, the last one is of version {self._last}"
            )


def _shows(row: KeyframeRow, state: State) -> bool:
    try:
        return is_keyframe_of(row.state, state)
    except Corrupt as damaged:
        raise _Contradiction(str(damaged)) from damaged


def _every_keyframe(tx: LogReader, head: Head, after: int) -> Iterator[KeyframeRow]:
    while (row := tx.keyframes.next(head.script_id, generation=head.generation, after=after)) is not None:
        yield row
        after = row.version
