"""Proof of one script: each of its legacy saves, read again from the ledger, is as in the source.

Compared are lines, time and writer of every save, the bytes that are kept in addition, and title, owner, times and
archiving of the script. Edits by people come after the saves and are no difference; nor are commands of other legacy
tables, which may also be between two saves, if the later one came over in a later run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, pairwise
from typing import NamedTuple

from backfill.content.window import Window
from backfill.scripts.kept_content import raw_bytes
from backfill.scripts.legacy_script import LegacySave, LegacyScript, SaveSource, is_own_text
from backfill.scripts.proof.changed_lines import is_as_changed
from backfill.scripts.proof.migrated_versions import migrated_versions
from backfill.scripts.proof.versions_in_order import VersionsInOrder
from backfill.scripts.successive_saves import SaveText, SuccessiveSaves
from domain.counting import counted
from domain.errors import Rejected
from domain.script.hashing import STATE_MODULUS, line_term, neighbour_term
from domain.script.line import Line
from domain.script.state import EDGE, State
from domain.submissions.origin import Origin
from repos.backfill.legacy_versions import LegacyVersion
from repos.unit_of_work import RecordsTransaction

NOT_THERE = "it is neither in the ledger nor set aside"


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
    versions = VersionsInOrder(tx, script)
    lines = _Lines()
    migrated = migrated_versions(tx, script.script_id)
    differences: list[Difference] = []
    inexact: list[Origin] = []
    set_aside = count = 0
    known = next(migrated, None)
    # A text of the script's own row, while saves after it are compared; and whether there is one, so that the
    # application may have written over it.
    passed: LegacyVersion | None = None
    is_overwritten = False
    gone = _Gone()
    own_row = script.origin.table, script.origin.key
    for save in saves.read(0):
        count += 1
        origin = save.origin
        row = origin.table, origin.key
        own = row == own_row
        if known is not None and not own and known[:2] == own_row:
            passed, known = known, next(migrated, None)
        stored, passed = (passed, None) if own and passed is not None else (known, passed)
        if stored is None or stored[:2] != row:
            if is_set_aside(origin.table, origin.key):
                set_aside += 1
                is_overwritten |= passed is not None and save.saved_at > passed.saved_at
                continue
            problem = NOT_THERE if own else gone.problem(tx, script, origin)
            if problem is not None:
                differences.append(Difference(origin, problem))
                continue
            # The source does not have the rows before it, or has them later.
            while known is not None and _key(known) != (origin.table, origin.key):
                if is_own_text(script, _key(known)):
                    passed = known
                else:
                    gone.add(known)
                versions.go_to(known, save)
                known = next(migrated, None)
            if (stored := known) is None:
                differences.append(Difference(origin, NOT_THERE))
                continue
        is_overwritten |= passed is not None
        problem = versions.go_to(stored, save)
        is_exact, other = _compared(save, stored, versions, lines, own=own)
        if not is_exact:
            inexact.append(origin)
        # If the text in the script's own row is set aside, the ledger has the one that was there before.
        if (problem := other or problem) is not None and not (own and is_set_aside(origin.table, origin.key)):
            differences.append(Difference(origin, problem))
        known = known if stored is not known else next(migrated, None)
    differences += [Difference(script.origin, problem) for problem in versions.script_problems()]
    left = passed if not is_overwritten else None
    for extra in (each for each in chain(gone.rows, (left, known), migrated) if each is not None):
        lost = Origin(table=extra.source_table, key=extra.source_key, number=extra.number)
        differences.append(Difference(lost, "the ledger has versions of a row that the source does not have"))
    return Proof(count, tuple(differences), tuple(inexact), set_aside)


class _Gone:
    """Rows of the ledger that were passed, because the source has a later one where they should be."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], LegacyVersion] = {}

    @property
    def rows(self) -> Iterable[LegacyVersion]:
        return self._rows.values()

    def add(self, row: LegacyVersion) -> None:
        """A row that is passed."""
        self._rows[_key(row)] = row

    def problem(self, tx: RecordsTransaction, script: LegacyScript, origin: Origin) -> str | None:
        """Why no row that was not passed belongs to a save; None if one does."""
        if self._rows.pop((origin.table, origin.key), None) is not None:
            return "its version is before that of the save before"
        if tx.legacy_versions.of_row(script.script_id, origin.table, origin.key) is None:
            return NOT_THERE
        return None


def _key(row: LegacyVersion) -> tuple[str, str]:
    return row.source_table, row.source_key


def _compared(
    save: LegacySave, known: LegacyVersion, versions: VersionsInOrder, lines: _Lines, *, own: bool
) -> tuple[bool, str | None]:
    """Whether the content consists of its lines, and what is wrong with the save, if anything."""
    if save.refusal is not None:
        return True, f"the source cannot be read: {save.refusal.code}"
    try:
        is_exact, problem = lines.compare(versions, save)
    except Rejected as refusal:
        return True, f"the source cannot be decoded: {refusal.code}"
    # The application changes the time of a script's own row also where its text stays.
    if known.saved_at != save.saved_at and not own:
        problem = problem or "it is recorded with another time"
    if known.raw is None and not is_exact:
        problem = problem or "its bytes are not kept"
    elif known.raw is not None and raw_bytes(known.raw) != save.content:
        problem = problem or "its bytes are not those that are kept"
    return is_exact, problem


class _Lines:
    """The lines of the ledger, compared with those of one save after another.

    Where little changed since a save that was equal, only that part is compared. That the rest is as it was follows
    from what the ledger says has changed, or from the state hash, which covers every line and its neighbours.
    """

    def __init__(self) -> None:
        self._saves = SuccessiveSaves()
        # The lines of the ledger and the state hash after the last save that was read by its lines, if it was equal.
        self._equal: tuple[list[Line], int] | None = None
        # The bytes of the last save and its shape, if it was equal and is JSON in its usual form.
        self._usual: tuple[bytes, str | None] | None = None

    def compare(self, versions: VersionsInOrder, save: LegacySave) -> tuple[bool, str | None]:
        """Whether the bytes of a save follow from its lines, and what differs in them, if anything.

        Raises:
            Rejected: the save cannot be read.
        """
        usual, self._usual = self._usual, None
        changes, content = versions.take_changes(), save.content
        if (
            usual is not None
            and changes is not None
            and usual[1] == save.shape
            and is_as_changed(usual[0], content, changes, versions.builder)
        ):
            self._usual = content, save.shape
            return True, None
        before, self._equal = self._equal, None
        text = self._saves.read(content, save.shape)
        if self._saves.last_is_usual:
            problem = _difference(list(versions.builder.lines()), text.lines)
            self._usual = (content, save.shape) if problem is None else None
        else:
            problem = self._compare_lines(versions.state, text, before)
        return text.whole, problem

    def _compare_lines(self, state: State, text: SaveText, before: tuple[list[Line], int] | None) -> str | None:
        middle = None
        if before is not None and text.changed is not None:
            middle = _changed_lines(state, *before, text.changed)
        if before is None or middle is None or text.changed is None:
            found = list(state.lines())
            problem = _difference(found, text.lines)
        else:
            found, (start, old_end, new_end) = before[0], text.changed
            found[start:old_end] = middle
            problem = _difference(middle, text.lines[start:new_end], start + 1)
        if problem is None:
            self._equal = found, state.hash
        return problem


def _changed_lines(state: State, before: Sequence[Line], before_hash: int, window: Window) -> list[Line] | None:
    """The new lines of a state that differs from the one before in a window only; None if it differs elsewhere too."""
    start, old_end, new_end = window
    above = before[start - 1].id if start else EDGE
    below = before[old_end].id if old_end < len(before) else EDGE
    nodes = state.nodes
    middle: list[Line] = []
    node = nodes.get(above)
    while len(middle) < new_end - start:
        node = None if node is None or node.after == EDGE else nodes.get(node.after)
        if node is None:
            return None
        middle.append(node.line)
    if (before_hash + _change(before[start:old_end], middle, above, below) - state.hash) % STATE_MODULUS:
        return None
    return middle


def _change(old: Sequence[Line], new: Sequence[Line], above: str, below: str) -> int:
    """By how much the state hash differs with the new lines between two neighbours, instead of the old ones."""
    by_id = {line.id: line for line in old}
    total = 0
    for line in new:
        known = by_id.pop(line.id, None)
        if known is line:
            continue
        total += line_term(line)
        if known is not None:
            total -= line_term(known)
    total -= sum(map(line_term, by_id.values()))
    old_ids, new_ids = [above, *(line.id for line in old), below], [above, *(line.id for line in new), below]
    if old_ids != new_ids:
        # No id is there twice, so no pair is.
        gone, come = set(pairwise(old_ids)), set(pairwise(new_ids))
        total += sum(neighbour_term(*pair) for pair in come - gone) - sum(neighbour_term(*pair) for pair in gone - come)
    return total


def _difference(found: Sequence[Line], expected: Sequence[Line], first: int = 1) -> str | None:
    """How lines differ; `first` is the number of the first one."""
    if len(found) != len(expected):
        return f"{counted(len(found), 'line')} instead of {len(expected)}"
    for place, (line, wanted) in enumerate(zip(found, expected, strict=True), first):
        if line is wanted or line == wanted:
            continue
        if (line.format, line.text, line.sep, line.attrs) != (wanted.format, wanted.text, wanted.sep, wanted.attrs):
            return f"line {place} differs"
        if wanted.id and line.id != wanted.id:
            return f"line {place} has another id"
    return None
