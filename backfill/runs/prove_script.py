"""Proof of one script: each of its legacy saves, read again from the ledger, has the lines of its source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from backfill.content.recognise import decode
from backfill.runs.migrate_script import LegacySave
from backfill.translate.script_lines import script_lines
from domain.errors import Rejected
from domain.script.delta import advance, decode_delta
from domain.script.line import Line
from domain.script.state import State
from domain.submissions.origin import Origin
from domain.submissions.submission import decode_cause
from repos.unit_of_work import RecordsTransaction


class Difference(NamedTuple):
    """A save that the ledger does not have as the source has it, and how they differ; no value of a row is quoted."""

    origin: Origin
    problem: str


class Proof(NamedTuple):
    """How many saves were compared, and where ledger and source differ."""

    saves: int
    differences: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        """Whether every save is in the ledger as in the source."""
        return not self.differences


def prove_script(tx: RecordsTransaction, script_id: int, saves: Iterable[LegacySave]) -> Proof:
    """Compare every save of a script with its version; `saves` reads all of them from the first, in order.

    Raises:
        UnknownScript: the script was not migrated.
        Corrupt: a version is missing.
    """
    versions = _Versions(tx, script_id)
    differences: list[Difference] = []
    count = 0
    for save in saves:
        count += 1
        if (problem := versions.compare(save)) is not None:
            differences.append(Difference(save.origin, problem))
    if versions.left():
        origin = differences[-1].origin if differences else Origin(table="script_heads", key=str(script_id))
        differences.append(Difference(origin, "the ledger has versions after it that the source does not have"))
    return Proof(count, tuple(differences))


class _Versions:
    """The versions of a script in order, grouped by the legacy row they come from."""

    def __init__(self, tx: RecordsTransaction, script_id: int) -> None:
        head = tx.heads.require(script_id)
        entries = tx.commands.read(script_id, upto=head.version)
        rows = tx.versions.read(script_id, generation=head.generation, after=0, upto=head.version)
        self._steps = ((decode_cause(entry.cause).origin, row) for entry, row in zip(entries, rows, strict=True))
        self._next = next(self._steps, None)
        self._state = State.empty()

    def compare(self, save: LegacySave) -> str | None:
        """What is wrong with a save; None if it is in the ledger as in the source."""
        while self._next is not None and self._next[0] == save.origin:
            self._state = advance(self._state, decode_delta(self._next[1].delta))
            self._next = next(self._steps, None)
        try:
            expected = script_lines(decode(save.content, save.shape))
        except Rejected as refusal:
            return f"the source cannot be decoded: {refusal.code}"
        return _difference(tuple(self._state.lines()), expected)

    def left(self) -> bool:
        """Whether versions of lines are left; the last ones may only archive the script."""
        while self._next is not None:
            delta = decode_delta(self._next[1].delta)
            before = self._state
            self._state = advance(before, delta)
            if tuple(self._state.lines()) != tuple(before.lines()):
                return True
            self._next = next(self._steps, None)
        return False


def _difference(found: tuple[Line, ...], expected: tuple[Line, ...]) -> str | None:
    if len(found) != len(expected):
        return f"{len(found)} lines instead of {len(expected)}"
    for place, (line, wanted) in enumerate(zip(found, expected, strict=True), 1):
        if (line.format, line.text, line.sep, line.attrs) != (wanted.format, wanted.text, wanted.sep, wanted.attrs):
            return f"line {place} differs"
        if wanted.id and line.id != wanted.id:
            return f"line {place} has another id"
    return None
