"""Planned rows of one script as submissions of the backfill, after everything that its log has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Literal

from msgspec import Struct, msgpack

from backfill.domains.base import Counts, ItemWork
from backfill.domains.described.plan import PlannedRow
from domain.commands.base import Command
from domain.commands.kinds.element import ElementAdd, ElementRemove, ElementUpdate
from domain.commands.kinds.persona import PersonaAdd, PersonaRemove, PersonaUpdate
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive, ScriptUnarchive
from domain.script.hashing import expect_hash_of, same
from domain.script.state import Element, Persona, State
from domain.submissions.answer import Refusal
from domain.submissions.origin import Origin
from domain.submissions.submission import Cause, Submission
from materialization.write_path.backfill_slice import UNCHANGED, Slice, Unchanged
from repos.backfill.legacy_keys import KeyRow, NewKey
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.locked_scripts import LockedScript
from repos.unit_of_work import RecordsTransaction

PLACE_BYTES = 8
# Of a recorded key: its digests, its table and numbers.
KEY_BYTES = 128
# Versions whose authors are read at a time.
AUTHORSHIP_PAGE = 200


class RowsProgress(Struct, omit_defaults=True):
    """What is recorded of an item: digests of the rows that are counted, and whether the script was archived."""

    counted: bytes = b""
    archived: bool = False

    def places(self) -> set[bytes]:
        """The digests."""
        return {self.counted[at : at + PLACE_BYTES] for at in range(0, len(self.counted), PLACE_BYTES)}


class Tally:
    """What one slice did, row by row."""

    def __init__(self) -> None:
        self.rows: list[PlannedRow] = []
        self.new: list[PlannedRow] = []
        self.changed: list[PlannedRow] = []
        self.refused: QuarantinedRow | None = None
        # The row whose submission was handed out last.
        self.last: PlannedRow | None = None

    def refuse(self, refusal: Refusal) -> None:
        """Set aside the row that was handed out last, because the ledger refused it."""
        row = self.last
        if row is None:
            return
        reason = f"The ledger refuses the row: {refusal.code}."
        self.refused = QuarantinedRow(row.table, row.key, "L29", reason)
        self.new = [each for each in self.new if each is not row]
        self.changed = [each for each in self.changed if each is not row]

    def counts(self) -> dict[str, Counts]:
        """Rows by table."""
        counts: dict[str, Counts] = {}
        for row in self.rows:
            is_refused = self.refused is not None and row is self.last
            fate = "quarantine" if is_refused else row.fate
            one = Counts(
                migrated=fate in ("write", "keep"),
                merged=fate == "merge",
                quarantined=fate == "quarantine",
                skipped=fate == "skip",
            )
            counts[row.table] = counts.get(row.table, Counts()) + one
        return counts

    def quarantined(self) -> list[QuarantinedRow]:
        """The rows that were set aside."""
        found = [row.quarantined for row in self.rows if row.quarantined is not None]
        return [*found, self.refused] if self.refused is not None else found

    def places(self) -> bytes:
        """Digests of the rows."""
        return b"".join(map(place_of, self.rows))


class DescribedSaves:
    """The rows of one script that are not in its log yet."""

    def __init__(self, work: ItemWork, script_id: int, rows: Sequence[PlannedRow]) -> None:
        self._work = work
        self._script_id = script_id
        self._rows = rows
        self._is_edited: bool | None = None
        # Why the script could not be archived again.
        self.stuck: Refusal | None = None

    @property
    def weight(self) -> int:
        """The bytes that `record` will write: keys, and the JSON that is kept."""
        return self._weight

    def begin(self, tx: LockedScript, state: State, now: int) -> None:
        self._tx, self._now, self._is_edited = tx, now, None
        self._weight = 0
        self._time = tx.head.updated_at
        self._progress = progress_of(self._work)
        self._archived = self._progress.archived or state.archived
        self._known = known_rows(tx, self._rows)
        self._tally = Tally()
        counted = self._progress.places()
        self._left: Iterator[PlannedRow] = iter([row for row in self._rows if place_of(row) not in counted])

    def next(self, state: State) -> Submission | Unchanged | None:
        for row in self._left:
            self._tally.rows.append(row)
            if row.fate not in ("write", "merge", "keep"):
                continue
            known = self._known.get((row.table, row.key))
            if known is not None and known.row_hash == row.hash:
                continue
            if known is not None and self._edited():
                self._tally.rows[-1] = _edited_here(row)
                continue
            (self._tally.new if known is None else self._tally.changed).append(row)
            self._weight += _weight(row)
            is_ours = known is not None or row.grown
            if row.fate == "write" and (commands := tuple(_commands(row, state, is_ours=is_ours))):
                self._tally.last = row
                if state.archived:
                    commands = (ScriptUnarchive(), *commands)
                return self._submission(state, row.origin, _moment(row), commands, _submission_id(row))
            return UNCHANGED
        self._tally.last = None
        if self._archived and not state.archived:
            origin = next((row.origin for row in reversed(self._rows) if row.fate == "write"), None)
            if origin is not None:
                name = f"legacy.archive.{state.version}"
                return self._submission(state, origin, self._time, (ScriptArchive(),), name)
        return None

    def accepted(self, state: State) -> None:
        """Nothing of a submission is kept."""

    def record(self, tx: LockedScript, written: Slice) -> None:
        tally = self._tally
        if written.refusal is not None:
            tally.refuse(written.refusal)
            self.stuck = written.refusal if tally.refused is None else None
        keep_rows(tx, tally, self._script_id, self._now)
        counted = self._progress.counted + tally.places()
        checkpoint = msgpack.encode(RowsProgress(counted, archived=self._archived))
        self._work.record(tx, checkpoint, tally.counts(), tally.quarantined())

    def _edited(self) -> bool:
        """Whether anybody but the backfill has written to the script."""
        if self._is_edited is None:
            self._is_edited = not is_only_backfilled(self._tx, self._script_id, self._tx.head.version)
        return self._is_edited

    def _submission(
        self, state: State, origin: Origin, moment: int, commands: tuple[Command, ...], name: str
    ) -> Submission:
        # Times of a script never go back, and none is in the future.
        self._time = max(self._time, min(moment, self._now))
        return Submission(
            script_id=self._script_id,
            submission_id=name,
            author="backfill",
            base_version=state.version,
            commands=commands,
            cause=Cause(origin=origin),
            occurred_at=self._time,
        )


def progress_of(work: ItemWork) -> RowsProgress:
    """What was recorded of an item."""
    return msgpack.decode(work.checkpoint, type=RowsProgress) if work.checkpoint else RowsProgress()


def place_of(row: PlannedRow) -> bytes:
    """A short digest of the place of a row."""
    return sha256(f"{row.table}\0{row.key}".encode()).digest()[:PLACE_BYTES]


def known_rows(tx: LockedScript | RecordsTransaction, rows: Iterable[PlannedRow]) -> dict[tuple[str, str], KeyRow]:
    """Those of the rows that were migrated, by table and key."""
    keys: dict[str, list[str]] = {}
    for row in rows:
        keys.setdefault(row.table, []).append(row.key)
    found = {table: tx.legacy_keys.find(table, wanted) for table, wanted in keys.items()}
    return {(table, key): row for table, of_table in found.items() for key, row in of_table.items()}


def keep_rows(tx: LockedScript | RecordsTransaction, tally: Tally, our_id: int, now: int) -> None:
    """Store the keys of new rows, and the JSON of what is kept of them."""
    for table in dict.fromkeys(row.table for row in tally.new):
        new = [row for row in tally.new if row.table == table]
        for target in dict.fromkeys(map(_target, new)):
            keys = [NewKey(row.key, our_id, row.hash) for row in new if _target(row) == target]
            tx.legacy_keys.add(table, target, keys)
        for row in new:
            if row.kept is not None:
                tx.legacy_rows.keep(row.kept[0], [(row.key, row.kept[1])], now)
    for row in tally.changed:
        tx.legacy_keys.change(row.table, row.key, row.hash)
        if row.kept is not None:
            tx.legacy_rows.change(row.kept[0], row.key, row.kept[1], now)


def _weight(row: PlannedRow) -> int:
    return KEY_BYTES + len(row.key) + (0 if row.kept is None else len(row.kept[1]))


def final_thing(row: PlannedRow) -> Element | Persona | None:
    """What the row leaves in the script; None if it was deleted."""
    return None if row.described is None or row.described.removed else row.thing


def is_only_backfilled(tx: LockedScript | RecordsTransaction, script_id: int, version: int) -> bool:
    """Whether every version up to one is of the backfill."""
    while version > 0:
        first = max(1, version - AUTHORSHIP_PAGE + 1)
        page = tx.commands.authorships(script_id, range(first, version + 1))
        if any(each.author != "backfill" for each in page.values()):
            return False
        version = first - 1
    return True


def _edited_here(row: PlannedRow) -> PlannedRow:
    reason = "The row changed in the source, and its script was edited here since."
    return row._replace(fate="quarantine", quarantined=QuarantinedRow(row.table, row.key, "script_edited", reason))


def _target(row: PlannedRow) -> str:
    if row.fate == "keep" or row.described is None:
        return "legacy_rows"
    return "elements" if isinstance(row.thing, Element) else "personas"


def _moment(row: PlannedRow) -> int:
    described = row.described
    if described is None:
        return 0
    return max(described.at or 0, described.removed_at or 0)


def _commands(row: PlannedRow, state: State, *, is_ours: bool) -> Iterator[Command]:
    """The commands that bring the state to what the row says.

    An id that is in use, and not by this row, is refused by `add`.
    """
    thing = row.thing
    kind: Literal["element", "persona"] = "element" if isinstance(thing, Element) else "persona"
    current = state.elements.get(thing.id) if isinstance(thing, Element) else state.personas.get(thing.id)
    if current is None or not is_ours:
        yield ElementAdd(element=thing) if isinstance(thing, Element) else PersonaAdd(persona=thing)
    elif not same(current, thing):
        expect = expect_hash_of(kind, current)
        if isinstance(thing, Element):
            yield ElementUpdate(element=thing, expect=expect)
        else:
            yield PersonaUpdate(persona=thing, expect=expect)
    if row.described is not None and row.described.removed:
        expect = expect_hash_of(kind, thing)
        yield (
            ElementRemove(element=thing.id, expect=expect)
            if isinstance(thing, Element)
            else PersonaRemove(persona=thing.id, expect=expect)
        )


def _submission_id(row: PlannedRow) -> str:
    """The same in every run, and another one for other values of the row."""
    name = "\0".join((row.table, row.key, row.hash.hex()))
    return f"legacy.{sha256(name.encode()).hexdigest()[:40]}"
