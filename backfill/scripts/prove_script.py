"""Proof of one script: each of its legacy saves, read again from the ledger, is as in the source.

Compared are lines, time and writer of every save, and title, owner and archiving of the script.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from backfill.content.recognise import decode
from backfill.content.shape import Decoded
from backfill.scripts.legacy_script import LegacySave, LegacyScript, is_row
from backfill.translate.script_lines import script_lines
from domain.errors import Rejected
from domain.log.entry import LogEntry
from domain.log.version import VersionRow
from domain.script.delta import advance, decode_delta
from domain.script.line import Line
from domain.script.state import State
from domain.submissions.origin import Origin
from domain.submissions.submission import decode_cause
from repos.unit_of_work import RecordsTransaction


class Difference(NamedTuple):
    """A row that the ledger does not have as the source has it, and how they differ; no value of a row is quoted."""

    origin: Origin
    problem: str


class Proof(NamedTuple):
    """How many saves were compared, and where ledger and source differ.

    `inexact` are saves whose content has more than its lines, or another spelling: it cannot be encoded again as it is.
    """

    saves: int
    differences: tuple[Difference, ...]
    inexact: tuple[Origin, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every save is in the ledger as in the source."""
        return not self.differences


def prove_script(tx: RecordsTransaction, script: LegacyScript, saves: Iterable[LegacySave]) -> Proof:
    """Compare a script and every save of it with the ledger; `saves` reads all of them from the first, in order.

    Raises:
        UnknownScript: the script was not migrated.
        Corrupt: a version is missing.
    """
    versions = _Versions(tx, script)
    differences: list[Difference] = []
    inexact: list[Origin] = []
    count = 0
    for save in saves:
        count += 1
        # The script was created empty, archived or unarchived.
        versions.take(script.origin)
        problem = versions.take(save.origin, save.saved_at)
        try:
            decoded = decode(save.content, save.shape)
            problem = _difference(tuple(versions.state.lines()), script_lines(decoded)) or problem
        except Rejected as refusal:
            problem = f"the source cannot be decoded: {refusal.code}"
        else:
            if not _is_exact(decoded):
                inexact.append(save.origin)
        if problem is not None:
            differences.append(Difference(save.origin, problem))
    versions.take(script.origin)
    differences += [Difference(script.origin, problem) for problem in versions.script_problems()]
    return Proof(count, tuple(differences), tuple(inexact))


class _Versions:
    """The versions of a script in order, grouped by the legacy row they come from."""

    def __init__(self, tx: RecordsTransaction, script: LegacyScript) -> None:
        head = tx.heads.require(script.script_id)
        entries = tx.commands.read(script.script_id, upto=head.version)
        rows = tx.versions.read(script.script_id, generation=head.generation, after=0, upto=head.version)
        self.state = State.empty()
        self._script = script
        self._steps = zip(entries, rows, strict=True)
        self._time = 0
        self._step()

    def take(self, origin: Origin, moment: int | None = None) -> str | None:
        """Go on to the last version of a row; what is wrong with writer or time of one, else None."""
        problem = None
        while self._next is not None and self._origin is not None and is_row(self._origin, origin):
            entry, row = self._next
            expected = self._time if moment is None else max(self._time, min(moment, entry.recorded_at))
            if moment is not None and entry.occurred_at != expected:
                problem = "its version has another time"
            if (self._origin.author, self._origin.actor) != (origin.author, origin.actor):
                problem = "its version has another writer"
            self._time = entry.occurred_at
            self.state = advance(self.state, decode_delta(row.delta))
            self._step()
        return problem

    def script_problems(self) -> Iterator[str]:
        """What is wrong with the script at the end of its backfilled versions."""
        if self._next is not None and self._origin is not None:
            yield "the ledger has versions of a row that the source does not have"
        metadata, script = self.state.metadata, self._script
        if metadata.get("title") != script.title:
            yield "the script has another title"
        if metadata.get("owner") != script.owner:
            yield "the script has another owner"
        if self.state.archived != (script.archived_at is not None):
            yield "the script is archived here or there only"

    def _step(self) -> None:
        self._next: tuple[LogEntry, VersionRow] | None = next(self._steps, None)
        self._origin = None if self._next is None else decode_cause(self._next[0].cause).origin


def _difference(found: tuple[Line, ...], expected: tuple[Line, ...]) -> str | None:
    if len(found) != len(expected):
        return f"{len(found)} lines instead of {len(expected)}"
    for place, (line, wanted) in enumerate(zip(found, expected, strict=True), 1):
        if (line.format, line.text, line.sep, line.attrs) != (wanted.format, wanted.text, wanted.sep, wanted.attrs):
            return f"line {place} differs"
        if wanted.id and line.id != wanted.id:
            return f"line {place} has another id"
    return None


def _is_exact(decoded: Decoded) -> bool:
    return decoded.exact and not any(line.extra for line in decoded.lines)
