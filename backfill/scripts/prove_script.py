"""Proof of one script: each of its legacy saves, read again from the ledger, is as in the source.

Compared are lines, time and writer of every save, the bytes that are kept in addition, and title, owner, times and
archiving of the script. Commands of other legacy tables and edits by people come after the saves and are no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import NamedTuple

from backfill.content.recognise import decode
from backfill.scripts.kept_content import is_whole, raw_bytes
from backfill.scripts.legacy_script import LegacySave, LegacyScript, SaveSource, is_row
from backfill.translate.script_lines import LineTranslator
from domain.errors import Rejected
from domain.log.entry import LogEntry
from domain.log.version import VersionRow
from domain.script.delta import advance, decode_delta
from domain.script.line import Line
from domain.script.state import State
from domain.submissions.origin import Origin
from domain.submissions.submission import decode_cause
from repos.backfill.legacy_versions import LegacyVersion
from repos.unit_of_work import RecordsTransaction

# Rows of legacy_versions that are read at a time; each may have the bytes of a save.
PAGE = 50


class Difference(NamedTuple):
    """A row that the ledger does not have as the source has it, and how they differ; no value of a row is quoted."""

    origin: Origin
    problem: str


class Proof(NamedTuple):
    """How many saves were compared, and where ledger and source differ.

    `inexact` are saves whose content has more than its lines, or another spelling: their bytes are kept. `set_aside`
    counts saves that are not in the ledger by decision.
    """

    saves: int
    differences: tuple[Difference, ...]
    inexact: tuple[Origin, ...] = ()
    set_aside: int = 0

    @property
    def holds(self) -> bool:
        """Whether every save is in the ledger as in the source."""
        return not self.differences


def _none(_table: str, _key: str) -> bool:
    return False


def prove_script(
    tx: RecordsTransaction,
    script: LegacyScript,
    saves: SaveSource,
    is_set_aside: Callable[[str, str], bool] = _none,
) -> Proof:
    """Compare a script and every save of it with the ledger; `is_set_aside` knows rows by table and key.

    Raises:
        UnknownScript: the script was not migrated.
        Corrupt: a version is missing.
    """
    versions = _Versions(tx, script)
    translator = LineTranslator()
    migrated = _legacy_versions(tx, script.script_id)
    differences: list[Difference] = []
    inexact: list[Origin] = []
    set_aside = count = 0
    known = next(migrated, None)
    for save in saves.read(0):
        count += 1
        origin = save.origin
        if known is None or (known.source_table, known.source_key) != (origin.table, origin.key):
            if is_set_aside(origin.table, origin.key):
                set_aside += 1
            else:
                differences.append(Difference(origin, "it is neither in the ledger nor set aside"))
            continue
        problem = versions.go_to(known.version_number, save)
        is_exact, other = _compared(save, known, versions.state, translator)
        if not is_exact:
            inexact.append(origin)
        if (problem := other or problem) is not None:
            differences.append(Difference(origin, problem))
        known = next(migrated, None)
    differences += [Difference(script.origin, problem) for problem in versions.script_problems()]
    for extra in () if known is None else chain((known,), migrated):
        lost = Origin(table=extra.source_table, key=extra.source_key, number=extra.number)
        differences.append(Difference(lost, "the ledger has versions of a row that the source does not have"))
    return Proof(count, tuple(differences), tuple(inexact), set_aside)


def _compared(
    save: LegacySave, known: LegacyVersion, state: State, translator: LineTranslator
) -> tuple[bool, str | None]:
    """Whether the content consists of its lines, and what is wrong with the save, if anything."""
    if save.refusal is not None:
        return True, f"the source cannot be read: {save.refusal.code}"
    try:
        decoded = decode(save.content, save.shape)
        problem = _difference(tuple(state.lines()), translator.lines(decoded))
    except Rejected as refusal:
        return True, f"the source cannot be decoded: {refusal.code}"
    is_exact = is_whole(decoded)
    if known.saved_at != save.saved_at:
        problem = problem or "it is recorded with another time"
    if not is_exact and (known.raw is None or raw_bytes(known.raw) != save.content):
        problem = problem or "its bytes are not kept"
    return is_exact, problem


class _Versions:
    """The versions of a script in order, with the legacy rows they come from."""

    def __init__(self, tx: RecordsTransaction, script: LegacyScript) -> None:
        head = tx.heads.require(script.script_id)
        entries = tx.commands.read(script.script_id, upto=head.version)
        rows = tx.versions.read(script.script_id, generation=head.generation, after=0, upto=head.version)
        self.state = State.empty()
        self._script = script
        self._tx = tx
        self._head = head.version
        self._steps = zip(entries, rows, strict=True)
        self._time = 0

    def go_to(self, version: int, save: LegacySave) -> str | None:
        """Go on to the version that a save became; what is wrong with those on the way, else None."""
        if version < self.state.version:
            return "its version is before that of the save before"
        problem = None
        while self.state.version < version and (step := self._step()) is not None:
            entry, origin = step
            if origin is None or is_row(origin, self._script.origin):
                if origin is None:
                    problem = "it comes after an edit"
            elif not is_row(origin, save.origin):
                problem = "its version is that of another row"
            elif (origin.author, origin.actor) != (save.origin.author, save.origin.actor):
                problem = "its version has another writer"
            elif entry.occurred_at != max(self._before, min(max(save.saved_at, 0), entry.recorded_at)):
                problem = "its version has another time"
        return problem

    def script_problems(self) -> Iterator[str]:
        """What is wrong with the script, and with the commands after its last save."""
        created = self.state.metadata
        edited = False
        listed = self._script.listed
        while (step := self._step()) is not None:
            origin = step[1]
            edited = edited or origin is None
            if not edited:
                created = self.state.metadata
        script = self._script
        if created.get("title") != script.title:
            yield "the script has another title"
        if created.get("owner") != script.owner:
            yield "the script has another owner"
        for name, value in script.metadata.items():
            if created.get(name) != value:
                yield f"the script has another {name}"
        if not edited and self.state.archived != (script.archived_at is not None):
            yield "the script is archived here or there only"
        row = self._tx.scripts.get(script.script_id)
        if listed is None or row is None or edited:
            return
        if listed.created_at is not None and row.created_at != listed.created_at:
            yield "the script is listed with another time of creation"
        if listed.updated_at is not None and row.updated_at != listed.updated_at:
            yield "the script is listed with another time of change"

    def _step(self) -> tuple[LogEntry, Origin | None] | None:
        """Go on to the next version: its command and legacy row."""
        step: tuple[LogEntry, VersionRow] | None = next(self._steps, None)
        if step is None:
            return None
        entry, row = step
        self.state = advance(self.state, decode_delta(row.delta))
        self._before, self._time = self._time, entry.occurred_at or 0
        return entry, decode_cause(entry.cause).origin


def _legacy_versions(tx: RecordsTransaction, script_id: int) -> Iterator[LegacyVersion]:
    after = 0
    while page := tx.legacy_versions.read(script_id, after=after, limit=PAGE):
        after = page[-1][0]
        for _, save in page:
            yield save


def _difference(found: tuple[Line, ...], expected: tuple[Line, ...]) -> str | None:
    if found == expected:
        return None
    if len(found) != len(expected):
        return f"{len(found)} lines instead of {len(expected)}"
    for place, (line, wanted) in enumerate(zip(found, expected, strict=True), 1):
        if (line.format, line.text, line.sep, line.attrs) != (wanted.format, wanted.text, wanted.sep, wanted.attrs):
            return f"line {place} differs"
        if wanted.id and line.id != wanted.id:
            return f"line {place} has another id"
    return None
